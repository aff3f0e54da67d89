package jsonschema

import (
	"bytes"
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
	"kcgen.dev/runtime/registry"
)

var _ connect.Converter = Converter{}

// Open gives the codec. It asks the registry nothing yet. Options that do not
// fit together are errors.
func (c Converter) Open(role connect.Role) (connect.Codec, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("jsonschema: open: %w", err)
	}
	session, err := registry.Open(registry.Options{
		SchemaRegistry:            c.SchemaRegistry,
		AutoRegisterSchemas:       c.AutoRegisterSchemas,
		UseLatestVersion:          c.UseLatestVersion,
		LatestCompatibilityStrict: c.LatestCompatibilityStrict,
		NormalizeSchemas:          c.NormalizeSchemas,
		UseSchemaID:               c.UseSchemaID,
		SubjectNameStrategy:       c.SubjectNameStrategy,
	}, registry.JSON, role)
	if err != nil {
		return nil, fmt.Errorf("jsonschema: open: %w", err)
	}
	return c.codec(session), nil
}

func (c *Converter) check() error {
	switch {
	case c.UseLatestVersion && c.AutoRegisterSchemas:
		return connect.OptionErrorf("useLatestVersion", "needs autoRegisterSchemas: false")
	case c.UseSchemaID != 0 && c.AutoRegisterSchemas:
		return connect.OptionErrorf("useSchemaId", "needs autoRegisterSchemas: false")
	case c.DecimalFormat != "" && c.DecimalFormat != "BASE64" && c.DecimalFormat != "NUMERIC":
		return connect.OptionErrorf("decimalFormat", "unknown format %q", c.DecimalFormat)
	}
	return nil
}

// schemas is what a codec wants of a registry: a registry.Session.
type schemas interface {
	Read(id int) (registry.Schema, error)
	Latest(topic, record string) (registry.Schema, error)
	Version(topic, record string, id int) (version int, ok bool, err error)
	Write(topic, record string, own registry.Schema) (registry.Schema, error)
}

// codec is one task's reader and writer.
type codec struct {
	registry.Heads
	options *Converter
	session schemas
	w       writer
	r       *reader
	outs    map[*connect.Schema]*outgoing
	last    *outgoing // of the record before
	ins     map[int]*incoming
	lastIn  reading
	indent  []byte
}

func (c Converter) codec(session schemas) *codec {
	out := &codec{options: &c, session: session, r: newReader(c.Strict), outs: map[*connect.Schema]*outgoing{}, ins: map[int]*incoming{}, Heads: registry.NewHeads(maxKept)}
	out.w = writer{options: &c, logicals: jsontext.Logicals{Numeric: c.DecimalFormat == "NUMERIC"}}
	return out
}

// maxKept bounds the schemas that a codec keeps, each way
// (schemas.cache.size's default). They are dropped when there are more.
const maxKept = 1000

// Encode writes d. No schema and no value together are a Kafka null, and so is
// a required null; an optional one is the JSON null.
func (c *codec) Encode(buf *connect.Buffer, topic string, d connect.Datum) ([]byte, error) {
	if d.Schema == nil && d.Value.IsNull() {
		return nil, nil
	}
	out, err := c.outgoing(d.Schema)
	if err != nil {
		return nil, fmt.Errorf("jsonschema: write to topic %s: %w", topic, err)
	}
	if d.Value.IsNull() && out.plan != nil && out.plan.null == nil {
		return nil, nil
	}
	under, err := c.under(topic, out)
	if err != nil {
		return nil, fmt.Errorf("jsonschema: write to topic %s: %w", topic, err)
	}
	data, err := c.encode(buf.Start(), under, out, d)
	if err != nil {
		return nil, fmt.Errorf("jsonschema: write to topic %s: %w", topic, err)
	}
	return buf.Finish(data), nil
}

func (c *codec) encode(dst []byte, under *incoming, out *outgoing, d connect.Datum) (_ []byte, err error) {
	start := len(dst)
	dst = registry.AppendHeader(dst, under.id)
	head := len(dst) - start
	if out.plan == nil {
		dst, err = c.w.free(dst, d.Value, 0)
	} else {
		dst, err = c.w.value(dst, out.plan, d.Value)
	}
	if err != nil {
		return nil, err
	}
	if c.options.JSONFailInvalidSchema || out.plan == nil && c.options.LatestCompatibilityStrict {
		if err := c.validate(under, dst[start+head:]); err != nil {
			return nil, err
		}
	}
	if c.options.JSONIndentOutput {
		c.indent = appendIndented(c.indent[:0], dst[start+head:])
		dst = append(dst[:start+head], c.indent...)
	}
	return dst, nil
}

// Decode reads data. Strings without escapes alias it.
func (c *codec) Decode(topic string, data []byte) (connect.Datum, error) {
	if data == nil {
		return connect.Datum{}, nil
	}
	d, err := c.decode(topic, data)
	if err != nil {
		return connect.Datum{}, fmt.Errorf("jsonschema: read from topic %s: %w", topic, err)
	}
	return d, nil
}

func (c *codec) decode(topic string, data []byte) (d connect.Datum, err error) {
	id, text, err := registry.CutHeader(data)
	if err != nil {
		return d, err
	}
	in, schema, err := c.incoming(topic, id)
	if err != nil {
		return d, err
	}
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")) // a byte order mark
	defer c.r.Release()
	if err := c.r.scan(text); err != nil {
		return d, fmt.Errorf("data of schema id %d: %w", id, err)
	}
	if c.options.JSONFailInvalidSchema {
		if err := in.check(c.r); err != nil {
			return d, err
		}
	}
	c.r.slab.Begin()
	v, err := c.r.data(schema)
	if err != nil {
		return d, fmt.Errorf("data of schema id %d: %w", id, err)
	}
	return connect.Datum{Schema: schema, Value: v}, nil
}

// validate checks what was written.
func (c *codec) validate(under *incoming, text []byte) error {
	defer c.r.Release()
	if err := c.r.scan(text); err != nil {
		return err
	}
	return under.check(c.r)
}
