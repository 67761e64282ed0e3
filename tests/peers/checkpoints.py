"""Verifies a signed checkpoint, the statement about its key, and the log on disk; shares no code with the product.

Usage: checkpoints.py NOTE KEY-STATEMENT CA.pem LOG-DIRECTORY PROOFS
A line of PROOFS is `inclusion LEAF SIZE HASH...` or `consistency FIRST SECOND HASH...`.
C2SP signed-note and tlog-checkpoint; RFC 9162 section 2.1; docs/data-model.md for the records.
"""

import base64
import glob
import hashlib
import struct
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa


def split(note):
    text, lines = note.rsplit("\n\n", 1)
    signatures = []
    for line in lines.splitlines():
        dash, name, encoded = line.split(" ")
        assert dash == "\u2014"
        octets = base64.b64decode(encoded, validate=True)
        signatures.append((name, octets[:4], octets[4:]))
    return text + "\n", signatures


def root_of(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = half_of(leaves)
    return hashlib.sha256(b"\1" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


def half_of(leaves):
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return half


def inclusion(leaf, leaves):
    if len(leaves) == 1:
        return []
    half = half_of(leaves)
    if leaf < half:
        return inclusion(leaf, leaves[:half]) + [root_of(leaves[half:])]
    return inclusion(leaf - half, leaves[half:]) + [root_of(leaves[:half])]


def consistency(first, leaves, is_whole=True):
    if first == len(leaves):
        return [] if is_whole else [root_of(leaves)]
    half = half_of(leaves)
    if first <= half:
        return consistency(first, leaves[:half], is_whole) + [root_of(leaves[half:])]
    return consistency(first - half, leaves[half:], False) + [root_of(leaves[:half])]


def verify_proofs(file, leaves):
    count = 0
    for line in open(file, encoding="ascii"):
        kind, first, second, *hashes = line.split()
        make = {"inclusion": inclusion, "consistency": consistency}[kind]
        wanted = make(int(first), leaves[: int(second)])
        assert [bytes.fromhex(hash) for hash in hashes] == wanted, line
        count += 1
    return count


def leaves_in(folder):
    leaves = []
    for file in sorted(glob.glob(folder + "/*.log")):
        octets = open(file, "rb").read()
        assert octets[:12] == b"FleetCA.log\n"
        at = 82
        while at < len(octets):
            length, leaf = struct.unpack(">IQ", octets[at : at + 12])
            assert leaf == len(leaves)
            at += 20
            leaves.append(octets[at : at + length])
            at += length
    return leaves


def verify_statement(note, ca):
    text, [(name, _hash, signature)] = split(note)
    title, vkey, issuer, _time = text.splitlines()
    assert title == "fleet-ca log key v1" and issuer == name
    key = ca.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        key.verify(signature, text.encode(), ec.ECDSA(hashes.SHA256()))
    return vkey


def verify_checkpoint(note, vkey):
    name, hint, encoded = vkey.split("+", 2)
    key = base64.b64decode(encoded, validate=True)
    assert key[0] == 1
    key_hash = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    assert key_hash.hex() == hint
    text, signatures = split(note)
    [signature] = [s for n, h, s in signatures if n == name and h == key_hash]
    ed25519.Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature, text.encode())
    origin, size, root = text.splitlines()[:3]
    assert origin == name
    return int(size), base64.b64decode(root, validate=True)


def main():
    note, statement, ca, folder, proofs = sys.argv[1:]
    ca = x509.load_pem_x509_certificates(open(ca, "rb").read())[0]
    vkey = verify_statement(open(statement, encoding="utf-8").read(), ca)
    size, root = verify_checkpoint(open(note, encoding="utf-8").read(), vkey)
    leaves = leaves_in(folder)
    assert root_of(leaves[:size]) == root, "another root"
    print(f"{size} leaves, root {root.hex()}, {verify_proofs(proofs, leaves)} proofs")


main()
