"""A host that is reached over SSH: it does what it is told in a folder, for whoever has the key.

Usage: ssh_host.py PORT HOST_KEY USER_KEY FOLDER

Listens on 127.0.0.1, says `ready`, and serves until it is killed.
"""

import socket
import subprocess
import sys
import threading

import paramiko


class Host(paramiko.ServerInterface):
    def __init__(self, user_key, folder):
        self.user_key = user_key
        self.folder = folder

    def get_allowed_auths(self, username):
        return "publickey"

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL if key == self.user_key else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        if kind == "session":
            return paramiko.OPEN_SUCCEEDED
        return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel, command):
        threading.Thread(target=self.run, args=(channel, command.decode()), daemon=True).start()
        return True

    def run(self, channel, command):
        child = subprocess.Popen(
            ["sh", "-c", command], cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        threading.Thread(target=feed, args=(channel, child.stdin), daemon=True).start()
        while octets := child.stdout.read1(1 << 16):
            channel.sendall(octets)
        channel.send_exit_status(child.wait())
        channel.close()


def feed(channel, stdin):
    try:
        with stdin:
            while octets := channel.recv(1 << 16):
                stdin.write(octets)
    except BrokenPipeError:
        # The command wanted no more.
        pass


def main(port, host_key, user_key, folder):
    host_key, user_key = (paramiko.Ed25519Key(filename=name) for name in (host_key, user_key))
    listener = socket.create_server(("127.0.0.1", int(port)))
    print("ready", flush=True)
    while True:
        client, _ = listener.accept()
        transport = paramiko.Transport(client)
        transport.add_server_key(host_key)
        transport.start_server(threading.Event(), Host(user_key, folder))


main(*sys.argv[1:])
