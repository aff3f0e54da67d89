package protobuf

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
		Kind: registry.Protobuf,
		Converter: func(o registry.Options) connect.Converter {
			c := usual()
			c.SchemaRegistry, c.AutoRegisterSchemas, c.UseLatestVersion = o.SchemaRegistry, o.AutoRegisterSchemas, o.UseLatestVersion
			c.SubjectNameStrategy, c.UseSchemaID = o.SubjectNameStrategy, o.UseSchemaID
			return c
		},
		Customer:   `syntax = "proto3"; package acme; message Customer { string name = 1; }`,
		Order:      `syntax = "proto3"; package acme; import "customer.proto"; message Order { int64 id = 1; string note = 2; Customer customer = 3; }`,
		Reference:  "customer.proto",
		Conflict:   []string{"message acme.Order: field id is string in the one and int64 in the other"},
		SchemaLoss: true, // fields are optional and have their numbers
	}.Run(t)
}

// TestRealRegistryRandom has it take the texts of schemas of all kinds, those
// among them that import what Confluent's registry knows.
func TestRealRegistryRandom(t *testing.T) {
	c := usual()
	c.SchemaRegistry = registry.Registry{URL: []string{servertest.SharedRegistry(t)}}
	w, err := c.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	back, err := c.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(20) {
		r := &random{Rand: rand.New(rand.NewPCG(seed, 1))}
		s := r.schema(3)
		want, topic := connect.Datum{Schema: s, Value: r.value(s)}, servertest.Unique("random")
		got, err := back.Decode(topic, encode(t, w, topic, want))
		if err != nil {
			t.Fatal(err)
		}
		if why := differ(want.Value, got.Value); why != "" {
			t.Fatalf("seed %d: %s\nwrote %s\nread  %s", seed, why, show(want.Value), show(got.Value))
		}
	}
}
