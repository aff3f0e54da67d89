package debezium_test

import (
	"slices"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// TestDropFromTombstone is where Debezium fails: there is no schema of which to
// ask what may be null.
func TestDropFromTombstone(t *testing.T) {
	e := extract
	e.DeleteTombstoneHandlingMode, e.DropFieldsHeaderName = "delete-to-tombstone", "drop"
	r := deletion("Ann")
	r.Headers = []connect.Header{names("name")}
	r = kept(t, open(t, e), r)
	if r.Value.Schema != nil || !r.Value.IsNull() {
		t.Errorf("value %v %v, want a tombstone", r.Value.Schema, r.Value.Value)
	}
}

// TestStructInHeader is where Debezium makes a header of a struct under a schema
// without fields.
func TestStructInHeader(t *testing.T) {
	e := extract
	e.AddHeaders = []string{"source"}
	r := kept(t, open(t, e), insert("Ann"))
	if h := r.Headers[0]; h.Key != "__source" || h.Schema != sourceSchema || h.Value.Struct().Get("table").Str() != "customers" {
		t.Errorf("header %s %v %v", h.Key, h.Schema, h.Value)
	}
}

// TestRecordStays: what fails or is dropped is as it was, and headers are not
// appended where another record sees them.
func TestRecordStays(t *testing.T) {
	shared := make([]connect.Header, 1, 8)
	shared[0] = connect.Header{Key: "h"}
	e := extract
	e.AddHeaders, e.RouteByField = []string{"op"}, "id"
	apply := open(t, e)
	r := insert("Ann")
	r.Headers = shared
	before := r
	if _, err := apply(&r); err == nil || !strings.Contains(err.Error(), "routeByField") {
		t.Errorf("error %v, want one that names routeByField", err)
	}
	if len(r.Headers) != 1 || !r.Value.Equal(before.Value) || shared[:2][1].Key != "" {
		t.Errorf("the record was changed: %v", r.Headers)
	}
}

// TestDroppedByRecord: each record's header counts, and lists that come again
// give the same schema.
func TestDroppedByRecord(t *testing.T) {
	e := extract
	e.DropFieldsHeaderName = "drop"
	apply := open(t, e)
	var seen []*connect.Schema
	for _, list := range [][]string{{"name"}, {"region"}, {"name", "region"}, {"region", "name", "zz"}, {"name"}, {}} {
		r := insert("Ann")
		r.Headers = []connect.Header{names(list...)}
		r = kept(t, apply, r)
		for _, name := range []string{"name", "region"} {
			if gone := r.Value.Schema.FieldIndex(name) < 0; gone != slices.Contains(list, name) {
				t.Errorf("%v: %q gone: %v", list, name, gone)
			}
		}
		seen = append(seen, r.Value.Schema)
	}
	if seen[0] != seen[4] || seen[2] != seen[3] || seen[0] == seen[1] {
		t.Error("schemas are not kept by what was left out")
	}
}

func TestExtractRefuses(t *testing.T) {
	for _, fields := range []string{"", ":x", "op:", "op:a:b", "a.b.c", ".b", "a."} {
		e := extract
		e.AddFields = []string{fields}
		if _, err := e.Open(); err == nil || !strings.Contains(err.Error(), "addFields") {
			t.Errorf("%q: error %v", fields, err)
		}
	}
	e := extract
	e.DeleteTombstoneHandlingMode = "none"
	if _, err := e.Open(); err == nil {
		t.Error("mode none: no error")
	}
}
