"""Reads messages by code that protoc generated, and writes them again.

Each line of the input is a case: {"files": {name: text}, "main": name,
"message": name, "data": hex}. Each line of the output is its answer: {"data":
hex, "value": JSON} or {"error": text}.
"""
import importlib
import json
import os
import sys
import tempfile

import grpc_tools
from google.protobuf import json_format
from grpc_tools import protoc

INCLUDED = os.path.join(os.path.dirname(grpc_tools.__file__), "_proto")


def generated(files, main, number):
    """The module that protoc makes of a case's files, each under names of its own."""
    folder = tempfile.mkdtemp(prefix=f"case{number}-", dir=BASE)
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    status = protoc.main(["protoc", f"-I{folder}", f"-I{INCLUDED}", f"--python_out={folder}", main])
    if status != 0:
        raise ValueError("protoc refuses the schema")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(main.removesuffix(".proto") + "_pb2")
    finally:
        sys.path.remove(folder)


def answer(case, number):
    module = generated(case["files"], case["main"], number)
    message = getattr(module, case["message"])()
    message.ParseFromString(bytes.fromhex(case["data"]))
    value = json_format.MessageToJson(message, preserving_proto_field_name=True, indent=None, sort_keys=True)
    return {"data": message.SerializeToString(deterministic=True).hex(), "value": value}


BASE = tempfile.mkdtemp(prefix="kcgen-protobuf-")
# The files that many cases import are compiled once.
for number, line in enumerate(sys.stdin):
    try:
        print(json.dumps(answer(json.loads(line), number)))
    except Exception as e:  # a case that fails is an answer
        print(json.dumps({"error": f"{type(e).__name__}: {e}"}))
