package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
)

// converter writes lines in Confluent's wire format and leaves them as they
// are otherwise: what it is for is the registry.
type converter struct {
	SchemaRegistry registry.Registry
}

// Open makes a session with the registry.
func (c converter) Open(role connect.Role) (connect.Codec, error) {
	o := registry.Options{SchemaRegistry: c.SchemaRegistry, AutoRegisterSchemas: true, SubjectNameStrategy: "TopicRecordNameStrategy"}
	s, err := registry.Open(o, registry.Avro, role)
	return codec{s}, err
}

type codec struct{ session *registry.Session }

// Encode writes a line under the schema of its thousand.
func (c codec) Encode(buf *connect.Buffer, topic string, d connect.Datum) ([]byte, error) {
	f := strings.Fields(d.Value.Str()) // source, number, …
	if len(f) < 2 {
		return nil, errors.New("no line of the tests")
	}
	n, err := strconv.Atoi(f[1])
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("Thousand%d", n/1000)
	s, err := c.session.Write(topic, name, registry.Schema{Text: fmt.Sprintf(`{"type":"record","name":%q,"fields":[{"name":"line","type":"string"}]}`, name)})
	if err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	return buf.Finish(append(registry.AppendHeader(buf.Start(), s.ID), d.Value.Str()...)), nil
}

// Decode looks the schema up and gives the line.
func (c codec) Decode(_ string, data []byte) (connect.Datum, error) {
	id, rest, err := registry.CutHeader(data)
	if err != nil {
		return connect.Datum{}, err
	}
	if _, err := c.session.Read(id); err != nil {
		return connect.Datum{}, fmt.Errorf("schemas: %w", err)
	}
	return connect.Datum{Value: connect.Text(rest)}, nil
}
