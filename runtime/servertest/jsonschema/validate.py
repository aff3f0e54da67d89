"""Validates lines of {"schema": text, "data": text}; a line each, what is wrong or ""."""
import json
import sys

from jsonschema import Draft7Validator


def verdict(case):
    schema = json.loads(case["schema"])
    Draft7Validator.check_schema(schema)
    for error in Draft7Validator(schema).iter_errors(json.loads(case["data"])):
        return "/".join(str(step) for step in error.absolute_path) + ": " + error.validator
    return ""


for line in sys.stdin:
    print(json.dumps(verdict(json.loads(line))))
