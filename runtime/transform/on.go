package transform

import (
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// part finds the datum of a record that a transform is on.
type part func(*connect.Record) *connect.Datum

func key(r *connect.Record) *connect.Datum   { return &r.Key }
func value(r *connect.Record) *connect.Datum { return &r.Value }

// partOf is the part that on names.
func partOf(on string) (part, error) {
	switch on {
	case "key":
		return key, nil
	case "value":
		return value, nil
	}
	return nil, fmt.Errorf(`on is %q, and has to be "key" or "value"`, on)
}

// maxSchemas is how many schemas' results are kept; Kafka Connect keeps 16.
const maxSchemas = 256

// schemas keeps the schema that was made of another.
type schemas = perSchema[*connect.Schema]

// perSchema keeps what was made of a schema, by pointer: records in a row have
// one. It is emptied when it is full.
type perSchema[T any] struct {
	in     *connect.Schema // the last one
	out    T
	all    map[*connect.Schema]T
	derive func(*connect.Schema) (T, error)
}

// of finds or makes what becomes of a schema.
func (c *perSchema[T]) of(in *connect.Schema) (T, error) {
	if c.in == in && in != nil {
		return c.out, nil
	}
	out, ok := c.all[in]
	if !ok {
		var err error
		if out, err = c.derive(in); err != nil {
			return out, err
		}
		if c.all == nil || len(c.all) >= maxSchemas {
			c.all = map[*connect.Schema]T{}
		}
		c.all[in] = out
	}
	c.in, c.out = in, out
	return out, nil
}

// constant is a text of the configuration. Whether it is plain is looked at
// once, and not by everybody who writes it.
func constant(s string) connect.Value {
	b := []byte(s)
	if jsontext.PlainLen(b) == len(b) {
		return connect.PlainText(b)
	}
	return connect.Text(b)
}
