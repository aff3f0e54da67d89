package jsonschema

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
)

var (
	_ connect.Encodes = Converter{}
	_ connect.Decodes = Converter{}
	_ connect.Offline = Converter{}
)

var errHeader = fmt.Errorf("jsonschema: %w", registry.ErrHeader)

// Encodes is an error for data that have no schema to be registered, or one
// that JSON Schema has no words for.
func (c Converter) Encodes(role connect.Role, f connect.Form) error {
	switch {
	case role == connect.RoleHeader:
		return errHeader
	case !f.Known || f.Nulls == connect.NullsAlways:
		return nil
	}
	if _, err := c.codec(nil).describe(f.Schema); err != nil {
		return fmt.Errorf("jsonschema: write: %w", err)
	}
	return nil
}

// Decodes gives what is declared: the messages carry the id of their schema,
// and what that says is known when they come.
func (c Converter) Decodes(role connect.Role, declared connect.Form) (connect.Form, error) {
	switch {
	case role == connect.RoleHeader:
		return connect.Form{}, errHeader
	case declared.Known && declared.Schema == nil && declared.Nulls != connect.NullsAlways:
		return connect.Form{Nulls: declared.Nulls}, errors.New("jsonschema: read: the data are declared to have no schema, but each message names one")
	}
	return registry.Reads(declared), nil
}

// Offline is the converter with a registry in memory. That has no schemas yet,
// so data go by their own.
func (c Converter) Offline() connect.Converter {
	c.SchemaRegistry = registry.Offline()
	c.AutoRegisterSchemas, c.UseLatestVersion, c.UseSchemaID = true, false, 0
	return c
}
