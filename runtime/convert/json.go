package convert

import (
	"bytes"
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

var _ connect.Converter = JSON{}

// Open gives the codec. A decimal format that is not known is an error (none is
// BASE64), and so is schema content that is no schema.
func (j JSON) Open(connect.Role) (connect.Codec, error) {
	c := &jsonCodec{envelope: j.SchemasEnable}
	c.w.replaceNull = j.ReplaceNullWithDefault
	c.r.replaceNull = j.ReplaceNullWithDefault
	c.r.Strict = j.Strict
	switch j.DecimalFormat {
	case "", "BASE64":
	case "NUMERIC":
		c.w.logicals.Numeric = true
	default:
		return nil, fmt.Errorf("convert: open JSON: unknown decimal format %q", j.DecimalFormat)
	}
	if j.SchemaContent != "" && j.SchemasEnable {
		if err := c.fix([]byte(j.SchemaContent)); err != nil {
			return nil, fmt.Errorf("convert: open JSON: schemaContent: %w", err)
		}
	}
	return c, nil
}

// fix makes content the schema of all messages; null is as if there was none.
func (c *jsonCodec) fix(content []byte) error {
	if err := c.r.Reset(content); err != nil {
		return err
	}
	defer c.r.Release()
	if ok, err := c.r.Root(); !ok || err != nil {
		return err
	}
	if c.r.Is(0, jsontext.Null) {
		return nil
	}
	schema, err := c.r.schema(0)
	c.content = schema
	return err
}

// jsonCodec is one task's reader and writer.
type jsonCodec struct {
	envelope bool
	content  *connect.Schema // of all messages that are read, or nil
	w        jsonWriter
	r        jsonReader
}

// Encode writes d as JSON. No schema and no value together are a Kafka null;
// an optional value that is null is the JSON null.
func (c *jsonCodec) Encode(buf *connect.Buffer, _ string, d connect.Datum) ([]byte, error) {
	if d.Schema == nil && d.Value.IsNull() {
		return nil, nil
	}
	out, err := c.write(buf.Start(), d)
	if err != nil {
		return nil, fmt.Errorf("convert: write JSON: %w", err)
	}
	return buf.Finish(out), nil
}

func (c *jsonCodec) write(dst []byte, d connect.Datum) (_ []byte, err error) {
	if d.Schema == nil {
		if c.envelope {
			dst = append(dst, `{"schema":null,"payload":`...)
		}
		dst, err = c.w.free(dst, d.Value)
	} else {
		var p *plan
		if p, err = c.w.plan(d.Schema); err != nil {
			return nil, err
		}
		if c.envelope {
			dst = append(dst, p.envelope...)
		}
		dst, err = c.w.value(dst, p, d.Value)
	}
	if c.envelope {
		dst = append(dst, '}')
	}
	return dst, err
}

// Decode reads JSON. Strings without escapes alias data.
func (c *jsonCodec) Decode(_ string, data []byte) (connect.Datum, error) {
	c.r.slab.Begin()
	if data == nil {
		return connect.Datum{}, nil
	}
	d, err := c.read(data)
	if err != nil {
		return connect.Datum{}, fmt.Errorf("convert: read JSON: %w", err)
	}
	return d, nil
}

func (c *jsonCodec) read(data []byte) (connect.Datum, error) {
	if len(data) > 0 && data[0] == 0 {
		return connect.Datum{}, fmt.Errorf("looks like Confluent wire format (magic byte 0); the spec says JSON")
	}
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")) // a byte order mark
	defer c.r.Release()
	if c.envelope && c.content == nil {
		return c.r.envelope(data)
	}
	return c.r.plain(data, c.content)
}
