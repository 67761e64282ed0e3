"""Speaks with a router through RouterOS clients of other people, unmodified.

Usage: routeros_clients.py MODEL USER PASSWORD_FILE BUNDLE API API_SSL [REST_HTTP REST]

The doors are HOST:PORT, BUNDLE a PEM file with a certificate and its key. Prints what was done, and ends
with 1 at the first surprise.
"""

import hashlib
import ssl
import sys
import warnings

import librouteros
import requests
import ros
import routeros_api
from librouteros.query import Key
from ros.ip.pool import IPPool
from routeros_api.exceptions import RouterOsApiCommunicationError

# A printed file is not there at once.
LOOKS = 10


def expect(value, wanted, what):
    if value != wanted:
        sys.exit(f"{what}: {value!r}, and not {wanted!r}")


def refused(kind, words, call):
    """Calls what must be refused in these words."""
    try:
        call()
    except kind as error:
        if words not in str(error):
            sys.exit(f"refused, but not with {words!r}: {error!r}")
    else:
        sys.exit(f"not refused, and {words!r} expected")


def unchecked():
    """TLS with any certificate: which one it is, is asked afterwards."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def split(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


class Librouteros:
    """The client `librouteros`."""

    name = "librouteros"

    def __init__(self, door, tls, user, password):
        host, port = split(door)
        wrap = unchecked().wrap_socket if tls else None

        def connect(word):
            return librouteros.connect(host, user, word, port=port, ssl_wrapper=wrap)

        refused(
            librouteros.exceptions.TrapError,
            "invalid user name or password",
            lambda: connect(password + "x"),
        )
        self.api = connect(password)
        self.socket = self.api.protocol.transport.sock

    def rows(self, menu, **wanted):
        path = self.api.path(menu)
        if not wanted:
            return list(path)
        return list(path.select().where(*(Key(name) == value for name, value in wanted.items())))

    def names(self, menu):
        return [row["name"] for row in self.api.path(menu).select(Key("name"))]

    def add(self, menu, **values):
        return self.api.path(menu).add(**values)

    def set(self, menu, item, **values):
        self.api.path(menu).update(**{".id": item}, **values)

    def remove(self, menu, item):
        self.api.path(menu).remove(item)

    def call(self, menu, command, **values):
        return list(self.api.path(menu)(command, **dashed(values)))

    def fails(self, words, call):
        refused(librouteros.exceptions.TrapError, words, call)

    def close(self):
        self.api.close()


class RouterOsApi:
    """The client `RouterOS-api`."""

    name = "RouterOS-api"

    def __init__(self, door, tls, user, password):
        host, port = split(door)

        def connect(word, plaintext=True):
            pool = routeros_api.RouterOsApiPool(
                host, user, word, port, plaintext, tls, ssl_verify=False
            )
            try:
                return pool, pool.get_api()
            except RouterOsApiCommunicationError:
                pool.disconnect()
                raise

        bad = "invalid user name or password"
        refused(RouterOsApiCommunicationError, bad, lambda: connect(password + "x"))
        # The challenge of old went with 6.45.1.
        refused(RouterOsApiCommunicationError, bad, lambda: connect(password, False))
        self.pool, self.api = connect(password)
        self.socket = self.pool.socket.socket

    def rows(self, menu, **wanted):
        return list(self.api.get_resource(menu).get(**wanted))

    def names(self, menu):
        return [row["name"] for row in self.api.get_resource(menu).call("print", {".proplist": "name"})]

    def add(self, menu, **values):
        return self.api.get_resource(menu).add(**values).done_message["ret"]

    def set(self, menu, item, **values):
        self.api.get_resource(menu).set(id=item, **values)

    def remove(self, menu, item):
        self.api.get_resource(menu).remove(id=item)

    def call(self, menu, command, **values):
        return list(self.api.get_resource(menu).call(command, dashed(values)))

    def fails(self, words, call):
        refused(RouterOsApiCommunicationError, words, call)

    def close(self):
        self.pool.disconnect()


def dashed(values):
    return {name.replace("_", "-"): value for name, value in values.items()}


def item_of(row):
    """Returns the id of a row: one of the clients takes the dot off."""
    return row.get(".id") or row["id"]


def one(rows, what):
    if len(rows) != 1:
        sys.exit(f"{what}: one row expected, and not {rows!r}")
    return rows[0]


def work(client, model, bundle):
    """Does with a client what people do with it."""
    services = client.names("/ip/service")
    for service in ("api", "api-ssl", "ssh", "www-ssl", "winbox"):
        if service not in services:
            sys.exit(f"no service {service} in {services!r}")
    one(client.rows("/ip/service", name="www-ssl"), "/ip/service")

    pool = client.add("/ip/pool", name="guests", ranges="10.9.0.2-10.9.0.9")
    if not pool.startswith("*"):
        sys.exit(f"{pool!r} is no id")
    row = one(client.rows("/ip/pool", name="guests"), "/ip/pool after add")
    expect((item_of(row), row["ranges"]), (pool, "10.9.0.2-10.9.0.9"), "the added pool")
    client.fails("", lambda: client.add("/ip/pool", name="guests", ranges="10.9.1.2"))
    client.set("/ip/pool", pool, ranges="10.9.0.2-10.9.0.99")
    row = one(client.rows("/ip/pool", name="guests"), "/ip/pool after set")
    expect(row["ranges"], "10.9.0.2-10.9.0.99", "the changed pool")
    client.remove("/ip/pool", pool)
    expect(client.rows("/ip/pool"), [], "/ip/pool after remove")
    client.fails("no such item", lambda: client.remove("/ip/pool", pool))
    client.fails("", lambda: client.call("/ip/pool", "fly"))

    name = upload(client, model, bundle)
    before = client.names("/certificate")
    # The older one names certificates after their file.
    wish, held = ({}, f"{name}_0") if model.startswith("6.") else ({"name": "guest"}, "guest")
    counted = one(
        client.call("/certificate", "import", file_name=name, passphrase="", **wish),
        "the counters of an import",
    )
    counted = {key: int(value) for key, value in counted.items()}
    for counter in ("certificates-imported", "private-keys-imported", "files-imported"):
        expect(counted[counter], 1, counter)
    expect(sorted(client.names("/certificate")), sorted([*before, held]), "/certificate")
    row = one(client.rows("/certificate", name=held), "/certificate after import")
    # No source settles which words the older one prints.
    words = ("true", "yes") if model.startswith("6.") else ("true",)
    expect(str(row["private-key"]).lower() in words, True, "private-key")
    expect(row["common-name"], "guest.example.net", "common-name")
    bind(client, held)
    client.remove("/certificate", item_of(row))
    expect(client.names("/certificate"), before, "/certificate after remove")
    # From 7.15 on the import takes the file.
    left = client.rows("/file", name=name)
    expect(len(left), 1 if release(model) < (7, 15) else 0, "files left")
    for row in left:
        client.remove("/file", item_of(row))
    expect(client.rows("/file", name=name), [], "/file after remove")


def release(model):
    return tuple(int(part) for part in model.split("."))


def bind(client, certificate):
    """Gives www-ssl another certificate, and takes it away again."""

    def static():
        rows = client.rows("/ip/service", name="www-ssl")
        return one([row for row in rows if "connection" not in row], "/ip/service")

    own = static()["certificate"]
    for wanted in (certificate, own):
        client.set("/ip/service", item_of(static()), certificate=wanted)
        expect(static()["certificate"], wanted, "the certificate of www-ssl")


def upload(client, model, bundle):
    """Writes a file the way of the version, and returns its name."""
    name = "guest.txt"
    if not model.startswith("6."):
        # Up to 7.12 there is no id of the new file, which `add` of both clients expects.
        client.call("/file", "add", name=name, contents=bundle)
    else:
        client.call("/file", "print", file="guest")
        for _ in range(LOOKS):
            rows = client.rows("/file", name=name)
            if rows:
                break
        client.set("/file", item_of(one(rows, "the printed file")), contents=bundle)
    row = one(client.rows("/file", name=name), "the uploaded file")
    expect(row["contents"], bundle, "contents")
    expect(int(row["size"]), len(bundle), "size")
    return name


def shown(client):
    """Holds the certificate of the TLS session to the one that the service names."""
    # The newer one lists open connections with the services.
    rows = client.rows("/ip/service", name="api-ssl")
    service = one([row for row in rows if "connection" not in row], "/ip/service")
    bound = one(client.rows("/certificate", name=service["certificate"]), "/certificate")
    digest = hashlib.sha256(client.socket.getpeercert(True)).hexdigest()
    expect(digest, bound["fingerprint"], "the fingerprint over TLS")


def rest(server, user, password, what, model, bundle):
    """Does what `rosrestpy` can: its `remove` leaves out the server, so that goes through its session."""

    def client(word):
        # The session that it takes by itself is one for all; the environment may ask for checks and proxies.
        session = requests.Session()
        session.trust_env = False
        return ros.Ros(server, user, word, session)

    refused(ros.Error, "Unauthorized", lambda: client(password + "x").system.identity)
    router = client(password)
    identity = router.system.identity.name
    if not router.system.resource.version.startswith(model + "."):
        sys.exit(f"version {router.system.resource.version!r}")
    pool = router.ip.pool.add(IPPool(name="guests", ranges="10.9.0.2-10.9.0.9"))
    expect(pool.ranges, "10.9.0.2-10.9.0.9", "the added pool")
    expect(router.ip.pool(name="guests"), [pool], "the pools of this name")
    expect(router.ip.pool(name="others"), [], "the pools of another name")
    refused(ros.Error, "", lambda: router.ip.pool.add(IPPool("guests", "10.9.1.2")))
    changed = router.ip.pool.set(pool, {"ranges": "10.9.0.2-10.9.0.99"})
    expect((changed.id, changed.ranges), (pool.id, "10.9.0.2-10.9.0.99"), "the changed pool")
    rest_remove(router, "/ip/pool", pool.id)
    expect(router.ip.pool(), [], "/ip/pool after remove")
    refused(ros.Error, "", lambda: router.ip.pool.set(pool, {"ranges": "10.9.1.2"}))
    rest_certificate(router, model, bundle, "api-ssl" if what == "www-ssl" else "www-ssl")
    print(f"rosrestpy {what} {model} {identity}")


def rest_remove(router, menu, item):
    gone = router.session.delete(f"{router.url}{menu}/{item}")
    expect(gone.status_code, 204, f"the removal from {menu}")


def rest_certificate(router, model, bundle, service):
    """Brings a certificate to a service that this is not said through: that would cut the connection."""
    # Up to 7.12 the answer does not show the new file.
    router.put_as("/file", dict, {"name": "guest.pem", "contents": bundle})
    listed = router.get_as("/file", list, {"name": "guest.pem"})
    expect(int(one(listed, "/file")["size"]), len(bundle), "size")
    words = {"file-name": "guest.pem", "name": "guest", "passphrase": ""}
    counted = one(router.post_as("/certificate/import", list, words), "the counters of an import")
    expect(counted["private_keys_imported"], "1", "private-keys-imported")
    row = one(router.get_as("/certificate", list, {"name": "guest"}), "/certificate after import")
    expect((row["private_key"], row["common_name"]), ("true", "guest.example.net"), "the row")
    rows = [row for row in router.get_as("/ip/service", list, {"name": service}) if "connection" not in row]
    own = one(rows, "/ip/service")
    for wanted in ("guest", own["certificate"]):
        words = {"certificate": wanted}
        bound = router.patch_as(f"/ip/service/{own['id']}", dict, words)
        expect(bound["certificate"], wanted, f"the certificate of {service}")
    rest_remove(router, "/certificate", row["id"])
    expect(router.get_as("/certificate", list, {"name": "guest"}), [], "/certificate after remove")
    # From 7.15 on the import takes the file.
    left = router.get_as("/file", list, {"name": "guest.pem"})
    expect(len(left), 1 if release(model) < (7, 15) else 0, "files left")
    for row in left:
        rest_remove(router, "/file", row["id"])


def main():
    model, user, password_file, bundle, api, api_ssl, *web = sys.argv[1:]
    with open(password_file, encoding="ascii") as file:
        password = file.read().rstrip("\n")
    with open(bundle, encoding="ascii") as file:
        bundle = file.read()
    for kind in (Librouteros, RouterOsApi):
        for door, tls in ((api, False), (api_ssl, True)):
            client = kind(door, tls, user, password)
            work(client, model, bundle)
            if tls:
                shown(client)
            client.close()
            print(f"{kind.name} {'api-ssl' if tls else 'api'} {model}")
    if web:
        warnings.simplefilter("ignore")
        plain, secure = web
        rest(f"http://{plain}/", user, password, "www", model, bundle)
        rest(f"https://{secure}/", user, password, "www-ssl", model, bundle)


main()
