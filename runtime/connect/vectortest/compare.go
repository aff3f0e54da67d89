package vectortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"kcgen.dev/runtime/connect"
)

// diffRecord says how got differs from want; "" where it does not.
func diffRecord(got, want *connect.Record) string {
	switch {
	case got.Topic != want.Topic:
		return fmt.Sprintf("topic %q, want %q", got.Topic, want.Topic)
	case got.Partition != want.Partition:
		return fmt.Sprintf("partition %d, want %d", got.Partition, want.Partition)
	case got.Timestamp != want.Timestamp:
		return fmt.Sprintf("timestamp %d, want %d", got.Timestamp, want.Timestamp)
	case got.Offset != want.Offset:
		return fmt.Sprintf("offset %d, want %d", got.Offset, want.Offset)
	case len(got.Headers) != len(want.Headers):
		return fmt.Sprintf("%d headers, want %d", len(got.Headers), len(want.Headers))
	}
	if d := diffDatum(got.Key, want.Key); d != "" {
		return "key: " + d
	}
	if d := diffDatum(got.Value, want.Value); d != "" {
		return "value: " + d
	}
	for i, h := range got.Headers {
		if h.Key != want.Headers[i].Key {
			return fmt.Sprintf("header %d: %q, want %q", i, h.Key, want.Headers[i].Key)
		}
		if d := diffDatum(h.Datum, want.Headers[i].Datum); d != "" {
			return "header " + h.Key + ": " + d
		}
	}
	return ""
}

func diffDatum(got, want connect.Datum) string {
	if !got.Schema.Equal(want.Schema) {
		return fmt.Sprintf("schema %v, want %v", got.Schema, want.Schema)
	}
	if !normal(got.Schema, got.Value, false).Equal(normal(want.Schema, want.Value, false)) {
		return fmt.Sprintf("%v %v, want %v %v", got.Value.Kind(), got.Value, want.Value.Kind(), want.Value)
	}
	return ""
}

// sameBytes compares what a converter wrote. Byte for byte is always enough.
// JSON may differ in the order of an object's members alone (Java's maps have
// none): the same bytes in another order, and the same meaning, which leaves
// no room for other escapes or other number texts.
func sameBytes(got, want []byte) bool {
	if (got == nil) != (want == nil) {
		return false
	}
	if bytes.Equal(got, want) {
		return true
	}
	return bytes.Equal(sorted(got), sorted(want)) && canonical(got) != "" && canonical(got) == canonical(want)
}

func sorted(b []byte) []byte {
	b = slices.Clone(b)
	slices.Sort(b)
	return b
}

// canonical is the JSON with sorted members, numbers as written; "" if it is
// no JSON.
func canonical(b []byte) string {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return ""
	}
	out, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(out)
}

// normal is a value as the recordings show it: strings as Java reads them, with
// U+FFFD for damage, which kcgen leaves as it is; zero without its sign; and,
// where loose, numbers without their size, which is lost in the parts of an
// array or map whose schema says nothing about them.
func normal(s *connect.Schema, v connect.Value, loose bool) connect.Value {
	switch v.Kind() {
	case connect.KindString:
		return connect.Text(connect.AppendValid(nil, v.Str()))
	case connect.KindInt8, connect.KindInt16, connect.KindInt32:
		if loose {
			return connect.Int64(v.Int())
		}
	case connect.KindFloat32:
		if loose {
			return connect.Float64(v.Float() + 0)
		}
		return connect.Float32(float32(v.Float() + 0))
	case connect.KindFloat64:
		return connect.Float64(v.Float() + 0) // -0 + 0 is 0
	case connect.KindArray:
		return normalArray(s, v.Array(), loose)
	case connect.KindMap:
		return normalMap(s, v.Map(), loose)
	case connect.KindStruct:
		return normalStruct(v.Struct())
	}
	return v
}

func normalArray(s *connect.Schema, in *connect.Array, loose bool) connect.Value {
	var elem *connect.Schema
	if s != nil {
		elem = s.Elem()
	}
	loose = loose || s != nil && s.Kind() == connect.KindArray && elem == nil
	out := &connect.Array{}
	for _, e := range in.Elems {
		out.Elems = append(out.Elems, normal(elem, e, loose))
	}
	return out.Value()
}

func normalMap(s *connect.Schema, in *connect.Map, loose bool) connect.Value {
	var key, elem *connect.Schema
	if s != nil {
		key, elem = s.Key(), s.Elem()
	}
	loose = loose || s != nil && s.Kind() == connect.KindMap && elem == nil
	out := &connect.Map{}
	for i := range in.Len() {
		e := in.At(i)
		out.Put(normal(key, e.Key, loose && key == nil), normal(elem, e.Value, loose))
	}
	return out.Value()
}

func normalStruct(in *connect.Struct) connect.Value {
	out := &connect.Struct{Schema: in.Schema}
	for i, v := range in.Slots {
		var s *connect.Schema
		if in.Schema != nil && i < len(in.Schema.Fields()) {
			s = in.Schema.Fields()[i].Schema
		}
		out.Slots = append(out.Slots, normal(s, v, false))
	}
	return out.Value()
}
