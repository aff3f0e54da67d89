package debezium

import (
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/memo"
)

// outbox is what is known of the outbox table of one envelope's schema.
type outbox struct {
	envelope, row *connect.Schema
	after         int // the row in the envelope
	now           int // the time of the change in the envelope; -1: none is needed
	id, key       column
	payload       column
	route         int // always a string
	version       int // -1: none; always an int32
	time          int // -1: none; always an int64
	divisor       int64
	placed        []placed
	messages      memo.Memo[messageKey, *connect.Schema]
}

// messageKey is what the schema of a message that is more than its payload is
// made of.
type messageKey struct {
	payload    *connect.Schema
	route      string
	version    int32
	hasVersion bool
}

// column is a field of the row.
type column struct {
	at     int
	schema *connect.Schema
}

func columnOf(row *connect.Schema, name string) (c column, err error) {
	if c.at = row.FieldIndex(name); c.at < 0 {
		return c, connect.NoField(name, row)
	}
	c.schema = row.Fields()[c.at].Schema
	return c, nil
}

// of is the column's value, or its default.
func (c *column) of(row []connect.Value) connect.Value { return orDefault(c.schema, row[c.at]) }

// table finds the columns; an error names the option.
func (x *router) table(envelope *connect.Schema) (*outbox, error) {
	t := &outbox{envelope: envelope, now: -1, version: -1, time: -1}
	if t.after = envelope.FieldIndex(fieldAfter); t.after < 0 {
		return nil, errNoAfter
	}
	t.row = envelope.Fields()[t.after].Schema
	if t.row.Kind() != connect.KindStruct {
		return nil, fmt.Errorf("the row is a %v, and has to be a struct", t.row.Kind())
	}
	for _, c := range []struct {
		option, name string
		to           *column
	}{
		{"tableFieldEventId", x.TableFieldEventID, &t.id},
		{"tableFieldEventKey", x.TableFieldEventKey, &t.key},
		{"tableFieldEventPayload", x.TableFieldEventPayload, &t.payload},
	} {
		var err error
		if *c.to, err = columnOf(t.row, c.name); err != nil {
			return nil, connect.OptionErrorf(c.option, "%w", err)
		}
	}
	var err error
	if t.route, err = typed(t.row, x.RouteByField, connect.KindString); err != nil {
		return nil, connect.OptionErrorf("routeByField", "%w", err)
	}
	if t.placed, err = x.place(t.row); err != nil {
		return nil, connect.OptionErrorf("tableFieldsAdditionalPlacement", "%w", err)
	}
	if x.enveloped && x.TableFieldEventSchemaVersion != "" {
		if t.version, err = typed(t.row, x.TableFieldEventSchemaVersion, connect.KindInt32); err != nil {
			return nil, connect.OptionErrorf("tableFieldEventSchemaVersion", "%w", err)
		}
	}
	if err = x.times(t); err != nil {
		return nil, err
	}
	return t, nil
}

// times finds what the message's timestamp is made of.
func (x *router) times(t *outbox) (err error) {
	if name := x.TableFieldEventTimestamp; name != "" {
		if t.time, err = typed(t.row, name, connect.KindInt64); err != nil {
			return connect.OptionErrorf("tableFieldEventTimestamp", "%w", err)
		}
		t.divisor = divisorOf(t.row.Fields()[t.time].Schema)
		t.now = t.envelope.FieldIndex(fieldTimestamp)
		return nil
	}
	t.now, err = typed(t.envelope, fieldTimestamp, connect.KindInt64)
	return err
}

// divisorOf makes milliseconds of a column's number; 0: nothing does.
func divisorOf(s *connect.Schema) int64 {
	switch s.Name() {
	case "io.debezium.time.Timestamp":
		return 1
	case "io.debezium.time.MicroTimestamp":
		return 1e3
	case "io.debezium.time.NanoTimestamp":
		return 1e6
	}
	return 0
}

// timestamp is the message's.
func (t *outbox) timestamp(envelope, row []connect.Value) (int64, error) {
	if t.time >= 0 && !row[t.time].IsNull() {
		if t.divisor == 0 {
			return 0, fmt.Errorf("tableFieldEventTimestamp: %v has to be a Timestamp, MicroTimestamp or NanoTimestamp of Debezium's", t.row.Fields()[t.time].Schema)
		}
		return row[t.time].Int() / t.divisor, nil
	}
	if t.now < 0 {
		return 0, connect.NoField(fieldTimestamp, t.envelope)
	}
	now := envelope[t.now]
	if now.IsNull() {
		return connect.NoTimestamp, nil
	}
	if now.Kind() != connect.KindInt64 {
		return 0, fmt.Errorf("field %q is a %v, and has to be an int64", fieldTimestamp, now.Kind())
	}
	return now.Int(), nil
}
