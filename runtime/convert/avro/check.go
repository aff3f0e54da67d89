package avro

import (
	"context"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
)

var _ connect.Checks = Converter{}

// Check looks at the registry.
func (c Converter) Check(ctx context.Context, _ connect.CheckContext) []connect.Finding {
	return c.SchemaRegistry.Check(ctx, registry.Avro)
}
