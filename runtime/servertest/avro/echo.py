# Reads Avro by fastavro and writes it again: lines of {"schema": JSON, "data":
# hex} come in, {"data": hex, "value": repr} or {"error": text} go out.
import io
import json
import sys

import fastavro

for line in sys.stdin:
    case = json.loads(line)
    try:
        schema = fastavro.parse_schema(case["schema"])
        data = io.BytesIO(bytes.fromhex(case["data"]))
        value = fastavro.schemaless_reader(data, schema, None)
        if rest := data.read():
            raise ValueError(f"{len(rest)} bytes are left")
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, value)
        answer = {"data": out.getvalue().hex(), "value": repr(value)}
    except Exception as e:
        answer = {"error": f"{type(e).__name__}: {e}"}
    print(json.dumps(answer), flush=True)
