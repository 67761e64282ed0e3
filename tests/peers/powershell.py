"""Parses a PowerShell script by tree-sitter's grammar; prints what is wrong, and what stands right of each `$Name =`, as JSON."""

import json
import sys

import tree_sitter
import tree_sitter_powershell

with open(sys.argv[1], "rb") as file:
    octets = file.read().removeprefix(b"\xef\xbb\xbf")
found = {"wrong": [], "values": {}}


def text(node):
    return octets[node.start_byte : node.end_byte].decode()


def literals(node):
    if node.type == "verbatim_string_characters":
        return [text(node)]
    return [literal for child in node.children for literal in literals(child)]


def visit(node):
    if node.is_error or node.is_missing:
        found["wrong"].append(f"line {node.start_point[0] + 1}: {node.type}: {text(node)[:80]}")
    if node.type == "assignment_expression":
        left, right = node.children[0], node.children[-1]
        value = {"whole": text(right), "literals": literals(right)}
        found["values"].setdefault(text(left), value)
    for child in node.children:
        visit(child)


visit(tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language())).parse(octets).root_node)
print(json.dumps(found))
