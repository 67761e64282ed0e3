"""Judges JSON documents by their schemas: arguments are the folder of the schemas, then pairs of schema and file."""

import json
import pathlib
import sys

import jsonschema


def main():
    folder, pairs = pathlib.Path(sys.argv[1]), sys.argv[2:]
    wrong = 0
    for name, file in zip(pairs[::2], pairs[1::2]):
        schema = json.loads((folder / f"{name}.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        document = json.loads(pathlib.Path(file).read_text())
        for error in jsonschema.Draft202012Validator(schema).iter_errors(document):
            print(f"{name}: {error.json_path}: {error.message}")
            wrong += 1
    sys.exit(1 if wrong else 0)


main()
