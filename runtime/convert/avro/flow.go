package avro

import (
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
)

// Offline is the same converter with a registry in memory. That has no schemas
// yet, so data go by their own.
func (c Converter) Offline() connect.Converter {
	c.SchemaRegistry = registry.Offline()
	c.AutoRegisterSchemas, c.UseLatestVersion, c.UseSchemaID = true, false, 0
	return c
}

var errHeader = fmt.Errorf("avro: %w", registry.ErrHeader)

// Encodes is an error where the schema has no form in Avro: a name that Avro
// does not allow, two types of one name.
func (c Converter) Encodes(role connect.Role, f connect.Form) error {
	if role == connect.RoleHeader {
		return errHeader
	}
	if !f.Known {
		return nil
	}
	o := c.options()
	own, err := o.avroSchema(f.Schema)
	if err == nil {
		_, err = text(own)
	}
	if err == nil {
		_, err = o.plan(f.Schema, own, own)
	}
	if err != nil {
		return fmt.Errorf("avro: %w", err)
	}
	return nil
}

// Decodes gives what is declared: each message brings its own schema.
func (c Converter) Decodes(role connect.Role, declared connect.Form) (connect.Form, error) {
	if role == connect.RoleHeader {
		return connect.Form{}, errHeader
	}
	return registry.Reads(declared), nil
}

// ParseSchema reads an Avro schema file: what a Converter gives for data of
// that schema. A name chooses one of the types that the file defines; "" is
// the whole. Data without a schema (io.confluent.connect.avro.Anything) give a
// nil schema.
func ParseSchema(text, name string) (*connect.Schema, error) {
	whole, names, err := parseNames(text, nil)
	if err != nil {
		return nil, fmt.Errorf("avro: %w", err)
	}
	if name != "" {
		var ok bool
		if whole, ok = names[name]; !ok {
			return nil, fmt.Errorf("avro: the file defines no type %q", name)
		}
	}
	o := Converter{ConnectMetaData: true, FlattenSingletonUnions: true}.options()
	s, err := o.connectSchema(whole)
	if err != nil {
		return nil, fmt.Errorf("avro: %w", err)
	}
	return s, nil
}
