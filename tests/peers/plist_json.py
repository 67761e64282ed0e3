"""Reads an XML property list with plistlib, and prints it as JSON with data in base64."""

import base64
import json
import plistlib
import sys


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


with open(sys.argv[1], "rb") as file:
    print(json.dumps(plain(plistlib.load(file, fmt=plistlib.FMT_XML))))
