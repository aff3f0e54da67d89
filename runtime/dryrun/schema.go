package dryrun

import (
	"fmt"
	"slices"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/dryrun/wire"
)

// declared reads all schemas that the spec declares. One that cannot be read is
// a fault.
func (d *dry) declared() {
	for _, t := range d.targets {
		if s := d.Connectors[t.key].Schema; s != nil {
			d.parseRecord(t.key, "schema", s)
		}
	}
	for i := range d.Topics {
		t := &d.Topics[i]
		d.parseRecord("topics."+t.Name, "schema", &t.Schema)
	}
}

func (d *dry) parseRecord(connector, path string, s *wire.RecordSchema) {
	d.parse(connector, path+".key", s.Key)
	d.parse(connector, path+".value", s.Value)
}

func (d *dry) parse(connector, path string, s *wire.DataSchema) {
	if s == nil {
		return
	}
	language, text, name := d.text(s)
	parse, ok := d.parsers[language]
	if !ok {
		d.fault(connector, path, fmt.Errorf("dryrun: the program has no parser for %s", language))
		return
	}
	var schema *connect.Schema
	err := guard(func() (err error) { schema, err = parse(text, name); return err })
	if err != nil {
		d.bad[s] = err
		d.fault(connector, path+"."+language, err)
		return
	}
	d.schemas[s] = schema
}

// text is in which language a schema is written, its text, and a name: which of
// the types in it is meant (empty is the parser's choice), or of a JSON Schema
// what errors call it.
func (d *dry) text(s *wire.DataSchema) (language, text, name string) {
	switch {
	case s.Avro != "":
		return "avro", d.Files[s.Avro], ""
	case s.JSONSchema != "":
		return "jsonSchema", d.Files[s.JSONSchema], s.JSONSchema
	case s.Protobuf != "":
		return "protobuf", d.Files[s.Protobuf], s.Message
	case len(s.Connect) > 0:
		return "connect", string(s.Connect), ""
	}
	return "cue", string(s.Cue), ""
}

// recordSchema is what is declared of the records of a connector; of a sink's,
// from a topic. Nil is nothing.
func (d *dry) recordSchema(t *target, topic string) *wire.RecordSchema {
	if s := d.Connectors[t.key].Schema; s != nil || t.sink == nil {
		return s
	}
	i := slices.IndexFunc(d.Topics, func(t wire.TopicSchema) bool { return t.Name == topic })
	if i < 0 {
		return nil
	}
	return &d.Topics[i].Schema
}

// shape is what is declared, for the flow.
func (d *dry) shape(s *wire.RecordSchema) connect.Shape {
	if s == nil {
		return connect.Shape{}
	}
	return connect.Shape{Key: d.form(s.Key), Value: d.form(s.Value)}
}

func (d *dry) form(s *wire.DataSchema) connect.Form {
	if d.schemas[s] == nil {
		return connect.Form{}
	}
	f := connect.Of(d.schemas[s])
	if s.Tombstones {
		f.Nulls = connect.NullsMaybe
	}
	return f
}

// forms are the schemas by which a test's data is read: those that are
// declared, or those that a source states itself.
func (d *dry) forms(t *target, topic string) (key, value *connect.Schema, err error) {
	s := d.recordSchema(t, topic)
	var stated connect.Shape
	if e, ok := t.source.(connect.Emits); ok {
		err = guard(func() error { stated = e.Emits(); return nil })
	}
	key, value = stated.Key.Schema, stated.Value.Schema
	if s == nil || err != nil {
		return key, value, err
	}
	for _, part := range []struct {
		declared *wire.DataSchema
		schema   **connect.Schema
	}{{s.Key, &key}, {s.Value, &value}} {
		if part.declared == nil {
			continue
		}
		if d.bad[part.declared] != nil {
			return nil, nil, errUnread
		}
		*part.schema = d.schemas[part.declared]
	}
	return key, value, nil
}

// reads says whether a sink reads a topic, by name or by pattern.
func (d *dry) reads(t *target, topic string) bool {
	return slices.Contains(t.topics, topic) || t.pattern != nil && t.pattern.MatchString(topic)
}
