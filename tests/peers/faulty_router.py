"""Meets with public clients, unmodified, what goes wrong with a router, and looks through another door what is left.

Usage: faulty_router.py MODEL USER PASSWORD_FILE API CONTROL [REST_HTTP]

The doors are HOST:PORT. Prints the faults that each client saw, and ends with 1 at the first surprise.
"""

import sys
from typing import Any

import librouteros
import requests
import ros
from librouteros.exceptions import ConnectionClosed, TrapError
from librouteros.query import Key
from ros.ip.pool import IPPool

FIRST, SECOND = "192.0.2.1-192.0.2.9", "10.0.0.1-10.0.0.9"

# What a broken connection is to the two: librouteros lets the error of the socket through.
API_LOST = (ConnectionClosed, ConnectionError)
REST_LOST = requests.exceptions.ConnectionError


def expect(value, wanted, what):
    if value != wanted:
        sys.exit(f"{what}: {value!r}, and not {wanted!r}")


def raises(kinds, call, what):
    """Returns the exception of a call, which is one of these."""
    try:
        value = call()
    except kinds as error:
        return error
    sys.exit(f"{what}: nothing was raised, and {value!r} returned")


class Control:
    """The control port."""

    def __init__(self, address):
        self.url = f"http://{address}"
        self.session = requests.Session()
        self.session.trust_env = False

    def __call__(self, method, path, **body):
        answer = self.session.request(method, self.url + path, json=body)
        expect(answer.status_code, 204, f"{method} {path}")

    def strike(self, fault, **more):
        self("POST", "/faults", fault=fault, menu="/ip/pool", command="set", **more)

    def pool(self):
        """Reads the pool from within, as no client does."""
        state = self.session.get(self.url + "/state").json()
        items = state["tables"]["/ip/pool"]["items"]
        return [item["fields"] for item in items if item["fields"]["name"] == "struck"][0]


class Api:
    """The client `librouteros`."""

    name = "librouteros"
    lost = API_LOST

    def __init__(self, address, user, password):
        self.host, port = address.rsplit(":", 1)
        self.port, self.user, self.password = int(port), user, password
        self.connect()

    def connect(self):
        self.api = librouteros.connect(self.host, self.user, self.password, port=self.port)

    def again(self):
        """A connection that ended stays ended: whoever goes on logs in anew."""
        raises(self.lost, self.row, "a command on the ended connection")
        self.connect()

    def row(self):
        (row,) = self.api.path("/ip/pool").select().where(Key("name") == "struck")
        return row

    def add(self):
        self.api.path("/ip/pool").add(name="struck", ranges=FIRST)

    def set(self, ranges, comment):
        self.api.path("/ip/pool").update(**{".id": self.row()[".id"]}, comment=comment, ranges=ranges)

    def remove(self):
        self.api.path("/ip/pool").remove(self.row()[".id"])

    def fill(self):
        # Up to version 6 a file is printed first, and is there a little later.
        files = self.api.path("/file")
        if self.is_old():
            list(files("print", file="full"))
            for _ in range(10):
                found = list(files.select(Key(".id"), Key("name")).where(Key("name") == "full.txt"))
                if found:
                    break
            return lambda: files.update(**{".id": found[0][".id"]}, contents="x" * 100)
        return lambda: list(files("add", name="full.txt", contents="x" * 100))

    def is_old(self):
        (resource,) = self.api.path("/system/resource")
        return str(resource["version"]).startswith("6.")

    def is_late(self, control):
        """The API waits as long as it takes."""
        control.strike("late", seconds=90)
        self.set(SECOND, "late")

    refused = TrapError


class Rest:
    """The client `rosrestpy`."""

    name = "rosrestpy"
    lost = REST_LOST

    def __init__(self, address, user, password):
        session = requests.Session()
        session.trust_env = False
        session.headers["Connection"] = "close"
        self.router = ros.Ros(f"http://{address}/", user, password, session)

    def again(self):
        """Each request is one of its own."""

    def row(self):
        (row,) = self.router.ip.pool(name="struck")
        return {"ranges": row.ranges, "comment": row.comment}

    def pool(self):
        (row,) = self.router.ip.pool(name="struck")
        return row

    def add(self):
        self.router.ip.pool.add(IPPool(name="struck", ranges=FIRST))

    def set(self, ranges, comment):
        self.router.ip.pool.set(self.pool(), {"comment": comment, "ranges": ranges})

    def remove(self):
        self.router.session.delete(f"{self.router.url}/ip/pool/{self.pool().id}")

    def fill(self):
        file = {"name": "full.txt", "contents": "x" * 100}
        return lambda: self.router.put_as("/file", Any, file)

    def is_late(self, control):
        """REST gives up after a minute, and the command is done."""
        control.strike("late", seconds=60)
        error = raises(ros.Error, lambda: self.set(SECOND, "late"), "a late answer")
        expect("Session closed" in str(error), True, f"a late answer: {error}")

    refused = ros.Error


def meet(client, control, other):
    """Lets a client meet each fault; `other` reads what is left by another door."""
    seen = []
    for fault, ranges, comment in (
        ("cut", SECOND, "cut"),
        ("reset", FIRST, "before"),
        ("half", FIRST, "half"),
    ):
        client.add()
        client.set(FIRST, "before")
        control.strike(fault)
        raises(client.lost, lambda: client.set(SECOND, fault), fault)
        client.again()
        for row in (client.row(), other.row() if other else control.pool()):
            expect((row["ranges"], row.get("comment")), (ranges, comment), fault)
        client.remove()
        seen.append(fault)

    client.add()
    client.is_late(control)
    row = other.row() if other else control.pool()
    expect((row["ranges"], row.get("comment")), (SECOND, "late"), "late")
    seen.append("late")

    control("POST", "/power", do="reboot")
    client.again()
    expect(client.row()["comment"], "late", "after a reboot")
    seen.append("reboot")

    control("PUT", "/lockout", on=True)
    raises(client.lost, lambda: client.row(), "a command while everything is shut")
    control("PUT", "/lockout", on=False)
    client.again()
    expect(client.row()["comment"], "late", "after a lockout")
    seen.append("lockout")

    write = client.fill()
    control("PUT", "/storage", free=10)
    raises(client.refused, write, "a file that is too long")
    control("PUT", "/storage", free=1_000_000)
    write()
    seen.append("storage")
    client.remove()
    return seen


def main():
    model, user, password_file, api, control, *rest = sys.argv[1:]
    with open(password_file, encoding="ascii") as file:
        password = file.read().rstrip("\n")
    control = Control(control)
    for kind, address, others in (
        (Api, api, [(Rest, address) for address in rest]),
        *((Rest, address, [(Api, api)]) for address in rest),
    ):
        client = kind(address, user, password)
        # What reads by the other door logs in each time: its connection would end with the router's.
        other = None
        if others:
            ((other_kind, other_address),) = others
            other = Other(lambda: other_kind(other_address, user, password))
        seen = meet(client, control, other)
        if kind is Api:
            leftover(client)
        print(client.name, model, *seen)


class Other:
    """Another client, on a connection of its own each time."""

    def __init__(self, connect):
        self.connect = connect

    def row(self):
        return self.connect().row()


def leftover(client):
    """Removes the file, for the client that comes next."""
    files = client.api.path("/file")
    for row in list(files.select(Key(".id"), Key("name")).where(Key("name") == "full.txt")):
        files.remove(row[".id"])


main()
