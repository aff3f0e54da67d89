package avro

import (
	"testing"

	"kcgen.dev/runtime/registry"
)

// What is read has the version that the registry gives the writer's schema
// under the topic's subject, where the schema names none itself.
func TestVersion(t *testing.T) {
	const (
		first  = `{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"record","name":"In","fields":[]}}]}`
		second = `{"type":"record","name":"R","fields":[]}`
		own    = `{"type":"record","name":"R","fields":[],"connect.version":7}`
		date   = `{"type":"int","logicalType":"date"}`
	)
	f, at := newFakeRegistry(t)
	for _, text := range []string{first, second, own, date, `["null","R"]`, `"string"`, `["null","string"]`} {
		f.register("orders-value", fakeSchema{Schema: text})
	}
	f.register("others-value", fakeSchema{Schema: second})
	c := plainConverter()
	c.SchemaRegistry = at
	codec, latest := open(t, c), c
	latest.AutoRegisterSchemas, latest.UseLatestVersion = false, true
	f.register("latest-value", fakeSchema{Schema: second})
	f.register("latest-value", fakeSchema{Schema: `{"type":"record","name":"R","fields":[{"name":"n","type":"int","default":1}]}`})
	byLatest := open(t, latest)

	for _, tt := range []struct {
		name, topic string
		id          int
		data        string
		latest      bool
		want        int32 // 0: none
	}{
		{"the first", "orders", 1, "", false, 1},
		{"the second", "orders", 2, "", false, 2},
		{"its own", "orders", 3, "", false, 7},
		{"a logical type's", "orders", 4, "\x02", false, 1},
		{"text", "orders", 6, "\x02x", false, 6},
		{"null or text", "orders", 7, "\x02\x02x", false, 0},
		{"another topic", "others", 2, "", false, 1},
		{"not in this topic", "others", 1, "", false, 0},
		{"again", "orders", 2, "", false, 2},
		{"the writer's, not the latest", "latest", 2, "", true, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			codec := codec
			if tt.latest {
				codec = byLatest
			}
			got, err := codec.Decode(tt.topic, append(registry.AppendHeader(nil, tt.id), tt.data...))
			if err != nil {
				t.Fatal(err)
			}
			if v, ok := got.Schema.Version(); v != tt.want || ok != (tt.want > 0) {
				t.Errorf("version %d, %v of %v", v, ok, got.Schema)
			}
			for _, f := range got.Schema.Fields() {
				if v, ok := f.Schema.Version(); ok {
					t.Errorf("field %s has version %d", f.Name, v)
				}
			}
		})
	}
}
