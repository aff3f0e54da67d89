package jsonschema

import (
	"fmt"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
)

// fakeRegistry is a registry in memory: one text is one id.
type fakeRegistry struct {
	byText map[string]registry.Schema
	byID   map[int]registry.Schema
	latest map[string]registry.Schema
	// versions are those of ids, by topic.
	versions map[string]map[int]int
	fixed    int // useSchemaId
	useTop   bool
	asked    int
}

func newFake() *fakeRegistry {
	return &fakeRegistry{byText: map[string]registry.Schema{}, byID: map[int]registry.Schema{}, latest: map[string]registry.Schema{}}
}

func (f *fakeRegistry) add(s registry.Schema) int {
	if known, ok := f.byText[s.Text]; ok {
		return known.ID
	}
	s.ID, s.Kind = len(f.byID)+1, registry.JSON
	f.byText[s.Text], f.byID[s.ID] = s, s
	return s.ID
}

func (f *fakeRegistry) Read(id int) (registry.Schema, error) {
	f.asked++
	s, ok := f.byID[id]
	if !ok {
		return s, fmt.Errorf("registry: schema id %d: not found", id)
	}
	return s, nil
}

func (f *fakeRegistry) Latest(topic, record string) (registry.Schema, error) {
	f.asked++
	s, ok := f.latest[topic]
	if !ok {
		return s, fmt.Errorf("registry: latest version of %s-value: not found", topic)
	}
	return s, nil
}

func (f *fakeRegistry) Version(topic, record string, id int) (int, bool, error) {
	f.asked++
	v := f.versions[topic][id]
	return v, v > 0, nil
}

func (f *fakeRegistry) Write(topic, record string, own registry.Schema) (registry.Schema, error) {
	f.asked++
	switch {
	case f.fixed != 0:
		return f.Read(f.fixed)
	case f.useTop:
		return f.Latest(topic, record)
	}
	return f.byID[f.add(own)], nil
}

// defaults are the options that a spec gives without saying any.
func defaults() Converter {
	return Converter{
		AutoRegisterSchemas: true, LatestCompatibilityStrict: true, ObjectAdditionalProperties: true,
		DecimalFormat: "BASE64", FlattenSingletonUnions: true, SubjectNameStrategy: "TopicNameStrategy",
	}
}

func with(set func(*Converter)) Converter {
	c := defaults()
	set(&c)
	return c
}

func encode(tb testing.TB, c *codec, d connect.Datum) []byte {
	tb.Helper()
	out, err := c.Encode(new(connect.Buffer), "t", d)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// message is a message of a schema's text.
func message(f *fakeRegistry, schema, data string) []byte {
	return append(registry.AppendHeader(nil, f.add(registry.Schema{Text: schema})), data...)
}
