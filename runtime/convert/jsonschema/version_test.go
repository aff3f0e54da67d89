package jsonschema

import (
	"testing"
)

// What is read has the version that the registry gives its schema under the
// topic's subject, where the schema names none itself.
func TestVersion(t *testing.T) {
	const (
		plain = `{"type":"object","properties":{"a":{"type":"string"}}}`
		own   = `{"type":"object","connect.version":7,"properties":{"a":{"type":"string"}}}`
		null  = `{"oneOf":[{"type":"null"},{"type":"object","properties":{"a":{"type":"string"}}}]}`
	)
	reg := newFake()
	ids := map[string]int{}
	for _, text := range []string{plain, own, null} {
		ids[text] = int(message(reg, text, "")[4])
	}
	reg.versions = map[string]map[int]int{"t": {1: 4, 2: 5, 3: 6}, "u": {1: 2}}
	latest := reg.byID[ids[plain]]
	latest.Version = 9
	reg.latest["t"] = latest
	for _, tt := range []struct {
		name, topic, schema string
		latest              bool
		want                int32 // 0: none
	}{
		{"the registry's", "t", plain, false, 4},
		{"its own", "t", own, false, 7},
		{"of a schema or null", "t", null, false, 6},
		{"another topic", "u", plain, false, 2},
		{"not in this topic", "v", plain, false, 0},
		{"the latest", "t", plain, true, 9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			codec := with(func(c *Converter) {
				if tt.latest {
					c.AutoRegisterSchemas, c.UseLatestVersion = false, true
				}
			}).codec(reg)
			for _, topic := range []string{tt.topic, "t", tt.topic} {
				got, err := codec.Decode(topic, message(reg, tt.schema, `{"a":"x"}`))
				if err != nil {
					t.Fatal(err)
				}
				if v, ok := got.Schema.Version(); topic == tt.topic && (v != tt.want || ok != (tt.want > 0)) {
					t.Errorf("version %d, %v of %v", v, ok, got.Schema)
				}
				if v, ok := got.Schema.Fields()[0].Schema.Version(); ok {
					t.Errorf("a field has version %d", v)
				}
			}
		})
	}
}
