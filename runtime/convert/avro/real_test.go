package avro

import (
	"math/rand/v2"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/registrytest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// TestRealRegistry writes and reads by a real Schema Registry.
func TestRealRegistry(t *testing.T) {
	registrytest.Suite{
		Kind: registry.Avro,
		Converter: func(o registry.Options) connect.Converter {
			c := plainConverter()
			c.SchemaRegistry, c.AutoRegisterSchemas, c.UseLatestVersion = o.SchemaRegistry, o.AutoRegisterSchemas, o.UseLatestVersion
			c.SubjectNameStrategy, c.UseSchemaID = o.SubjectNameStrategy, o.UseSchemaID
			return c
		},
		Customer: `{"type":"record","name":"Customer","namespace":"acme","fields":[{"name":"name","type":"string"}]}`,
		Order: `{"type":"record","name":"Order","namespace":"acme","fields":[{"name":"id","type":"long"},
			{"name":"note","type":["null","string"],"default":null},{"name":"customer","type":"acme.Customer"}]}`,
		Reference: "acme.Customer",
		Conflict:  []string{"/fields/0/type", "field id: long was written, which cannot be read as string"},
	}.Run(t)
}

// TestRealRegistryRandom has it take the texts of schemas of all kinds.
func TestRealRegistryRandom(t *testing.T) {
	c := plainConverter()
	c.SchemaRegistry = registry.Registry{URL: []string{servertest.SharedRegistry(t)}}
	m := &maker{Rand: rand.New(rand.NewPCG(7, 8))}
	for range 20 {
		m.named = 0
		s := m.record(3)
		want, topic := connect.Datum{Schema: s, Value: m.value(s)}, servertest.Unique("random")
		data, err := open(t, c).Encode(&connect.Buffer{}, topic, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := open(t, c).Decode(topic, data)
		if err != nil {
			t.Fatal(err)
		}
		if data != nil && !s.IsOptional() { // Confluent gives a union no version
			want = registrytest.Versioned(want, 1)
		}
		if data != nil && !got.Equal(want) {
			t.Fatalf("got %v of %v, want %v of %v", got.Value, got.Schema, want.Value, want.Schema)
		}
	}
}
