package debezium_test

import (
	"testing"

	"kcgen.dev/runtime/connect"
)

// dice makes data of bytes: the same of the same.
type dice struct{ bytes []byte }

func (d *dice) roll(n int) int {
	if len(d.bytes) == 0 {
		return 0
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return int(b) % n
}

var fieldNames = []string{"before", "after", "op", "source", "transaction", "ts_ms", "id", "aggregatetype", "aggregateid", "payload", "type", "__deleted", "__op", "v", "part", "region"}

var schemaNames = []string{"", "a.Envelope", "a.b.Value", "io.debezium.time.MicroTimestamp", connect.TimestampName, "Envelope"}

// schema is any schema, but for logical types of other types.
func (d *dice) schema(depth int) *connect.Schema {
	kinds := []connect.Kind{connect.KindString, connect.KindInt32, connect.KindInt64, connect.KindStruct, connect.KindArray, connect.KindMap, connect.KindBool, connect.KindBytes}
	kind := kinds[d.roll(len(kinds))]
	if depth == 0 {
		kind = connect.KindStruct
	}
	if depth > 3 {
		kind = connect.KindString
	}
	b := connect.NewSchema(kind)
	if name := schemaNames[d.roll(len(schemaNames))]; name != connect.TimestampName || kind == connect.KindInt64 {
		b.Name(name)
	}
	if d.roll(3) > 0 {
		b.Optional()
	}
	switch kind {
	case connect.KindArray:
		b.Elem(d.schema(depth + 1))
	case connect.KindMap:
		b.Key(connect.StringSchema).Elem(d.schema(depth + 1))
	case connect.KindStruct:
		seen := map[string]bool{}
		for range d.roll(30) {
			name := fieldNames[d.roll(len(fieldNames))]
			if !seen[name] {
				seen[name] = true
				b.Field(name, d.column(name, depth+1))
			}
		}
	case connect.KindString:
		if d.roll(4) == 0 {
			b.Default(connect.String("dd"))
		}
	}
	s, err := b.Build()
	if err != nil {
		return connect.OptionalStringSchema
	}
	return s
}

var texts = []string{"c", "u", "d", "r", "t", "", " ", "Order", `{"a":1,"b":[{"c":null},{"d":2}]}`, `[{"a":[]},{"a":[1.5]}]`, `{"a":[`, "a_shard_1", "name"}

// value is a value of a schema, as a rule.
func (d *dice) value(s *connect.Schema, depth int) connect.Value {
	if d.roll(60) == 59 {
		return connect.Float64(1)
	}
	if s == nil || s.IsOptional() && d.roll(4) == 3 {
		return connect.Null
	}
	if s.Logical() == connect.LogicalTimestamp {
		return connect.InstantMilli(5)
	}
	switch s.Kind() {
	case connect.KindString:
		return connect.String(texts[d.roll(len(texts))])
	case connect.KindInt32:
		return connect.Int32(int32(d.roll(256) - 20))
	case connect.KindInt64:
		return connect.Int64(int64(d.roll(256)))
	case connect.KindBool:
		return connect.Bool(d.roll(2) == 1)
	case connect.KindBytes:
		return connect.Bytes([]byte{1})
	case connect.KindArray:
		a := &connect.Array{}
		for range d.roll(3) {
			a.Elems = append(a.Elems, d.value(s.Elem(), depth+1))
		}
		return a.Value()
	case connect.KindMap:
		return (&connect.Map{}).Value()
	}
	st := &connect.Struct{Schema: s}
	for _, f := range s.Fields() {
		st.Slots = append(st.Slots, d.value(f.Schema, depth+1))
	}
	if d.roll(80) == 79 && len(st.Slots) > 0 {
		st.Slots = st.Slots[1:]
	}
	return st.Value()
}

// column is the schema of a field, which is of a good type, as a rule.
func (d *dice) column(name string, depth int) *connect.Schema {
	if d.roll(8) == 7 {
		return d.schema(depth)
	}
	switch name {
	case "v", "part":
		return connect.OptionalInt32Schema
	case "ts_ms":
		return connect.NewSchema(connect.KindInt64).Name("io.debezium.time.MicroTimestamp").Optional().MustBuild()
	}
	return connect.OptionalStringSchema
}

// envelope is the schema of an envelope, as a rule.
func (d *dice) envelope() *connect.Schema {
	row := d.schema(0)
	b := connect.NewStruct().Name("a.Envelope")
	for _, name := range []string{"before", "after", "source", "op", "ts_ms", "transaction"} {
		s := connect.OptionalStringSchema
		switch name {
		case "before", "after", "source", "transaction":
			s = row
		case "ts_ms":
			s = connect.OptionalInt64Schema
		}
		if d.roll(12) == 11 {
			s = d.schema(1)
		}
		if d.roll(20) != 19 {
			b.Field(name, s)
		}
	}
	return b.MustBuild()
}

func (d *dice) datum() connect.Datum {
	s := d.schema(0)
	if d.roll(3) > 0 {
		s = d.envelope()
	}
	return connect.Datum{Schema: s, Value: d.value(s, 0)}
}

// FuzzRecords: no record panics, what is good stays good, and what fails stays
// as it was.
func FuzzRecords(f *testing.F) {
	e, n := extract, extract
	e.DeleteTombstoneHandlingMode, e.AddFields, e.AddHeaders = "rewrite-with-tombstone", []string{"op", "source.id", "before.payload", "transaction"}, []string{"op", "source", "id"}
	e.DropFieldsHeaderName, e.DropFieldsFromKey, e.DropFieldsKeepSchemaCompatible = "drop", true, false
	n.RouteByField = "region"
	r, x := router, router
	r.TableExpandJSONPayload, r.RouteTombstoneOnEmptyPayload = true, true
	x.TableFieldsAdditionalPlacement = []string{"v:envelope", "type:header", "part:partition"}
	x.TableFieldAdditionalMissing, x.TableFieldEventTimestamp, x.TableFieldEventSchemaVersion = "ignore", "ts_ms", "v"
	all := []connect.Apply{open(f, e), open(f, n), open(f, r), open(f, x), open(f, shards)}

	f.Add([]byte("seed"))
	f.Add([]byte{3, 1, 2, 9, 1, 3, 2, 2, 4, 6, 0, 0, 1, 7, 0, 0, 1, 8, 0, 0, 1, 9, 0, 0, 1, 2, 0, 0, 0, 1, 2, 0, 0, 0, 1, 2})
	f.Fuzz(func(t *testing.T, bytes []byte) {
		d := &dice{bytes}
		in := connect.Record{Topic: "a_shard_1", Value: d.datum(), Key: d.datum(), Offset: int64(d.roll(2) - 1),
			Headers: []connect.Header{names(fieldNames[d.roll(len(fieldNames))], "id")}}
		good := valid(in.Key) && valid(in.Value)
		for i, apply := range all {
			out := in
			keep, err := apply(&out)
			switch {
			case err != nil:
				if out.Topic != in.Topic || len(out.Headers) != 1 || out.Value != in.Value || out.Key != in.Key {
					t.Errorf("%d: the record was changed, and failed: %v", i, err)
				}
			case keep && good && (!valid(out.Key) || !valid(out.Value)):
				t.Errorf("%d: %v %v became %v %v", i, in.Key, in.Value, out.Key, out.Value)
			}
			for _, h := range out.Headers {
				if keep && err == nil && good && !valid(h.Datum) {
					t.Errorf("%d: header %s: %v %v", i, h.Key, h.Schema, h.Value)
				}
			}
		}
	})
}

func valid(d connect.Datum) bool { return connect.Validate(d.Schema, d.Value) == nil }

// FuzzPayload: no text panics, and what comes of it fits its schema.
func FuzzPayload(f *testing.F) {
	plain, full := router, router
	plain.TableExpandJSONPayload = true
	full.TableExpandJSONPayload = true
	full.TableJSONPayloadNullBehavior, full.TableJSONPayloadEmptyArrayBehavior = "optional_bytes", "optional_string"
	all := []connect.Apply{open(f, plain), open(f, full)}
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, apply := range all {
			kept(t, apply, message("Order", text))
		}
	})
}
