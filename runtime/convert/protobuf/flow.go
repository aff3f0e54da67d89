package protobuf

import (
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
)

var (
	_ connect.Encodes = Converter{}
	_ connect.Decodes = Converter{}
	_ connect.Offline = Converter{}
)

// Encodes is an error for what no Protobuf schema can be made of.
func (c Converter) Encodes(role connect.Role, f connect.Form) error {
	if err := notHeaders(role); err != nil {
		return err
	}
	switch {
	case !f.Known || f.Nulls == connect.NullsAlways:
		return nil
	case f.Schema == nil:
		return fmt.Errorf("protobuf: %w", errNoSchema)
	}
	if w := c.newWriter(f.Schema); w.err != nil {
		return fmt.Errorf("protobuf: schema %s: %w", short(f.Schema.Name()), w.err)
	}
	return nil
}

// Decodes gives the form that is declared: the registry, which knows better, is
// not asked.
func (c Converter) Decodes(role connect.Role, declared connect.Form) (connect.Form, error) {
	return registry.Reads(declared), notHeaders(role)
}

func notHeaders(role connect.Role) error {
	if role == connect.RoleHeader {
		return fmt.Errorf("protobuf: %w", registry.ErrHeader)
	}
	return nil
}

// Offline is the converter with a registry in memory. That has no schemas yet,
// so data go by their own.
func (c Converter) Offline() connect.Converter {
	c.SchemaRegistry = registry.Offline()
	c.AutoRegisterSchemas, c.UseLatestVersion, c.UseSchemaID = true, false, 0
	return c
}

// ParseSchema reads a .proto file as the schema that a Converter with the
// defaults makes of its data. It has no imports but those that every schema may
// have (google/protobuf, google/type, confluent). name is the message's, with
// the package or without; "" is the first.
func ParseSchema(text, name string) (*connect.Schema, error) {
	f, err := parse(text, nil)
	if err != nil {
		return nil, fmt.Errorf("protobuf: read the schema: %w", err)
	}
	m := f.at([]int{0})
	if name != "" {
		if m = f.named(name); m == nil {
			m = f.named(within(f.pkg, name))
		}
	}
	if m == nil {
		return nil, fmt.Errorf("protobuf: read the schema: it has no message %q; it has %s", short(name), strings.Join(f.names(), ", "))
	}
	plan, err := defaults.planRead(m)
	if err != nil {
		return nil, fmt.Errorf("protobuf: read the schema: %w", err)
	}
	return plan.schema, nil
}

// names are the first of the file's messages.
func (f *file) names() []string {
	var out []string
	for _, m := range f.messages[:min(len(f.messages), 10)] {
		out = append(out, m.full)
	}
	slices.Sort(out)
	return out
}

// defaults are those of the definition in CUE, as far as schemas depend on
// them.
var defaults = Converter{GenerateIndexForUnions: true, OptionalForProto2: true, WrapperForRawPrimitives: true}
