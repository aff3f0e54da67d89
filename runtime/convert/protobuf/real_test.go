package protobuf

import (
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
			c.SubjectNameStrategy = o.SubjectNameStrategy
			return c
		},
		Customer:   `syntax = "proto3"; package acme; message Customer { string name = 1; }`,
		Order:      `syntax = "proto3"; package acme; import "customer.proto"; message Order { int64 id = 1; string note = 2; Customer customer = 3; }`,
		Reference:  "customer.proto",
		SchemaLoss: true, // fields are optional and have their numbers
	}.Run(t)
}
