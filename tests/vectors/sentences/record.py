#!/usr/bin/env python3
"""Records what librouteros and RouterOS-api write to a router.

Usage: record.py API USER PASSWORD_FILE

API is the HOST:PORT of the binary API of a simulated router that may be changed. Writes a file for each client beside
this one.
"""

import base64
import json
import os
import socket
import sys
import threading

import librouteros
import routeros_api
from librouteros.query import Key, Or

# Values of every length that a word here may have, and octets that mean something elsewhere.
VALUES = ["", "x", "a=b", "two\r\nlines", "ünïcödé 路由器", "\"quotes\" $x [y]", "!done", ".tag=9", "x" * 200]


class Recorder:
    """Passes octets between clients and a router, and keeps those of the clients."""

    def __init__(self, router):
        host, port = router.rsplit(":", 1)
        self.router = host, int(port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.written = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            router = socket.create_connection(self.router)
            kept = bytearray()
            self.written.append(kept)
            threading.Thread(target=self.carry, args=(client, router, kept), daemon=True).start()
            threading.Thread(target=self.carry, args=(router, client, bytearray()), daemon=True).start()

    @staticmethod
    def carry(source, target, kept):
        while True:
            try:
                octets = source.recv(65536)
            except OSError:
                octets = b""
            kept += octets
            if not octets:
                target.close()
                return
            target.sendall(octets)


def sentences(octets):
    """Splits octets into sentences: each with its own octets and its words."""
    place = 0
    while place < len(octets):
        start, words = place, []
        while True:
            first = octets[place]
            more = 0 if first < 0x80 else 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
            head = octets[place : place + 1 + more]
            size = int.from_bytes(head, "big") & (0x7F, 0x3FFF, 0x1FFFFF, 0xFFFFFFF, 0xFFFFFFFF)[more]
            place += 1 + more
            if not size:
                break
            words.append(octets[place : place + size])
            place += size
        yield octets[start:place], words


def use_librouteros(port, user, password):
    for word in (password + "x", password):
        try:
            api = librouteros.connect("127.0.0.1", user, word, port=port, encoding="utf-8")
        except librouteros.exceptions.TrapError:
            continue
    pool = api.path("ip", "pool")
    for number, value in enumerate(VALUES):
        item = pool.add(name=f"p{number}", ranges="10.9.0.2-10.9.0.9", comment=value)
        pool.update(**{".id": item, "comment": value + "!"})
    name, ranges = Key("name"), Key("ranges")
    list(pool.select(name, ranges).where(Or(name == "p1", name == "p2"), ranges == "10.9.0.2-10.9.0.9"))
    list(api.path("system", "identity"))
    list(api.path("file")("add", name="f.pem", contents="-----BEGIN-----\n" * 1_030))
    for row in list(pool):
        pool.remove(row[".id"])
    for row in list(api.path("file")):
        api.path("file").remove(row[".id"])
    api.close()


def use_routeros_api(port, user, password):
    for word, plain in ((password + "x", True), (password, False), (password, True)):
        pool = routeros_api.RouterOsApiPool("127.0.0.1", user, word, port, plain)
        try:
            api = pool.get_api()
        except routeros_api.exceptions.RouterOsApiCommunicationError:
            pool.disconnect()
    pools = api.get_resource("/ip/pool")
    for number, value in enumerate(VALUES):
        added = pools.add(name=f"p{number}", ranges="10.9.0.2-10.9.0.9", comment=value)
        pools.set(id=added.done_message["ret"], comment=value + "!")
    pools.get(name="p1")
    pools.call("print", {".proplist": "name,ranges"}, {"name": "p1"})
    api.get_resource("/system/identity").get()
    api.get_binary_resource("/").call("system/identity/print")
    api.get_resource("/file").call("add", {"name": "g.pem", "contents": "-----BEGIN-----\n" * 1_030})
    for row in pools.get():
        pools.remove(id=row["id"])
    pool.disconnect()


def main():
    router, user, password_file = sys.argv[1:]
    with open(password_file, encoding="ascii") as file:
        password = file.read().rstrip("\n")
    for name, use in (("librouteros", use_librouteros), ("RouterOS-api", use_routeros_api)):
        recorder = Recorder(router)
        use(recorder.port, user, password)
        recorded = [
            {
                "octets": base64.b64encode(octets).decode(),
                "words": [base64.b64encode(word).decode() for word in words],
            }
            for written in recorder.written
            for octets, words in sentences(bytes(written))
        ]
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(recorded, file, indent=1)
            file.write("\n")
        print(f"{path}: {len(recorded)} sentences")


main()
