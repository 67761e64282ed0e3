"""Speaks with a router over SSH and SFTP through paramiko, unmodified.

Usage: paramiko_router.py MODEL USER PASSWORD_FILE BUNDLE SSH

SSH is HOST:PORT, BUNDLE a PEM file with a certificate and its key. Prints what was done, and ends with 1 at the first
surprise.
"""

import os
import sys

import paramiko


def expect(value, wanted, what):
    if value != wanted:
        sys.exit(f"{what}: {value!r}, and not {wanted!r}")


def connected(address, user, password):
    host, port = address.rsplit(":", 1)
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(
        host, int(port), user, password, look_for_keys=False, allow_agent=False,
        timeout=60, banner_timeout=60, auth_timeout=60,
    )
    return client


class Console:
    """Runs lines at the console; the exit code says nothing, so what is printed is looked at."""

    def __init__(self, client):
        self.client = client

    def run(self, line):
        _, out, _ = self.client.exec_command(line, timeout=30)
        return out.read().decode().replace("\r\n", "\n")

    def put(self, words):
        return self.run(f":put [{words}]").strip()

    def done(self, line):
        expect(self.run(line).strip(), "", line)


def work(client, model, bundle):
    console = Console(client)
    listed = console.run("/ip service print terse")
    for service in ("api", "api-ssl", "ssh", "www-ssl", "winbox"):
        if f"name={service} " not in listed:
            sys.exit(f"no service {service} in {listed!r}")
    name = "guest.pem"
    with open(bundle, "rb") as file:
        octets = file.read()
    with client.open_sftp() as sftp:
        sftp.put(bundle, name)
        expect(name in sftp.listdir(), True, "the uploaded file in the list")
        with sftp.open(name) as file:
            expect(file.read(), octets, "the file that was read back")
        try:
            sftp.stat("absent.pem")
        except FileNotFoundError:
            pass
        else:
            sys.exit("absent.pem is there")
    before = console.put("/certificate find")
    counted = console.run(f'/certificate import file-name={name} passphrase=""')
    for counter in ("certificates-imported", "private-keys-imported", "files-imported"):
        expect(f"{counter}: 1" in counted, True, f"{counter} in {counted!r}")
    held = f"{name}_0"
    found = f"[find name={held}]"
    expect(console.put(f"/certificate get {found} common-name"), "guest.example.net", "common-name")
    own = console.put("/ip service get www-ssl certificate")
    for wanted in (held, own):
        console.done(f"/ip service set www-ssl certificate={wanted}")
        expect(console.put("/ip service get www-ssl certificate"), wanted, "what www-ssl is bound to")
    console.done(f"/certificate remove {found}")
    expect(console.put("/certificate find"), before, "/certificate after remove")
    # From 7.15 on the import takes the file.
    release = tuple(int(part) for part in model.split("."))
    with client.open_sftp() as sftp:
        expect(name in sftp.listdir(), release < (7, 15), "the file after the import")
        if release < (7, 15):
            sftp.remove(name)
        expect(name in sftp.listdir(), False, "the file after its removal")


def main():
    model, user, password_file, bundle, address = sys.argv[1:]
    with open(password_file, encoding="ascii") as file:
        password = file.read().rstrip("\n")
    try:
        connected(address, user, password + "x")
    except paramiko.AuthenticationException:
        pass
    else:
        sys.exit("a wrong password is let in")
    client = connected(address, user, password)
    work(client, model, os.path.abspath(bundle))
    identity = Console(client).put("/system identity get name")
    client.close()
    print(f"paramiko {model} {identity}")


main()
