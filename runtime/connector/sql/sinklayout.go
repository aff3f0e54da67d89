package sql

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// part says which part of a record a column is filled from.
type part uint8

const (
	fromTopic part = iota
	fromPartition
	fromOffset
	fromKey // the whole key
	fromKeyField
	fromValue // the whole value
	fromValueField
)

// column is a column of a layout.
type column struct {
	name   string // as the record has it
	from   part
	slot   int // of a field
	schema *connect.Schema
	def    connect.Value   // what null stands for; null: null
	time   *connect.Schema // the schema that numbers of timestampFieldsList are said to have; nil: it is none

	to   database.Column // where it goes; to.Name is as the table has it
	bind database.Bind
}

// layout says how records of a pair of schemas become rows of a table: their
// columns, those of the key first.
type layout struct {
	columns []column
	keys    int
	deletes bool    // of tombstones: there is the key alone
	table   *target // as it was when the columns were matched
	fault   error   // no record of the schemas can be written
	absent  bool    // there is no table, and so nothing to delete in it

	names      []string // of the columns in the table
	statements map[phrase]string
}

// layout finds the columns of records of two schemas. An error is theirs.
func (s Sink) layout(key, value *connect.Schema, tombstone bool) (*layout, error) {
	l := &layout{deletes: tombstone}
	if err := s.keyColumns(l, key, value); err != nil {
		return nil, err
	}
	l.keys = len(l.columns)
	if tombstone {
		return l, nil
	}
	if err := s.valueColumns(l, value); err != nil {
		return nil, err
	}
	switch {
	case len(l.columns) == 0:
		return nil, errors.New("no field is left to write: fieldsWhitelist names none of the value's")
	case s.InsertMode == "update" && len(l.columns) == l.keys:
		return nil, errors.New("there is nothing to update: all fields are of the key")
	}
	return l, nil
}

var kafkaColumns = []string{"__connect_topic", "__connect_partition", "__connect_offset"}

// keyColumns finds those of the key.
func (s Sink) keyColumns(l *layout, key, value *connect.Schema) error {
	switch s.PkMode {
	case "kafka":
		names := s.PkFields
		if len(names) != 3 {
			names = kafkaColumns
		}
		schemas := []*connect.Schema{connect.StringSchema, connect.Int32Schema, connect.Int64Schema}
		for i, from := range []part{fromTopic, fromPartition, fromOffset} {
			l.columns = append(l.columns, column{name: names[i], from: from, schema: schemas[i]})
		}
	case "record_key":
		return s.recordKey(l, key)
	case "record_value":
		if value == nil || value.Kind() != connect.KindStruct {
			return fmt.Errorf("pkMode record_value needs a value that is a struct; it is %s", describe(value))
		}
		return s.fieldColumns(l, value, fromValueField, "the value has")
	}
	return nil
}

// recordKey finds the columns of the record's key.
func (s Sink) recordKey(l *layout, key *connect.Schema) error {
	switch {
	case key == nil:
		return errors.New("pkMode record_key needs a key with a schema: take a converter that reads one, such as convert.#String, convert.#JSON with schemasEnable or an Avro one")
	case key.Kind() == connect.KindStruct:
		return s.fieldColumns(l, key, fromKeyField, "the key has")
	case key.Kind() == connect.KindArray || key.Kind() == connect.KindMap:
		return fmt.Errorf("pkMode record_key needs a key that is a struct, or one value; it is %s", describe(key))
	case len(s.PkFields) != 1:
		return fmt.Errorf("the key is no struct but %s: pkFields has to give the one column that it goes to; it gives %d", describe(key), len(s.PkFields))
	}
	l.columns = append(l.columns, column{name: s.PkFields[0], from: fromKey, schema: key, def: fallback(key, true)})
	return nil
}

// fieldColumns are the key's, of fields of a struct.
func (s Sink) fieldColumns(l *layout, in *connect.Schema, from part, has string) error {
	names := s.PkFields
	if len(names) == 0 {
		for _, f := range in.Fields() {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("%s no fields to make a key of", has)
	}
	for _, name := range names {
		i := in.FieldIndex(name)
		if i < 0 {
			return fmt.Errorf("pkFields: %s %w", has, connect.NoField(name, in))
		}
		f := in.Fields()[i].Schema
		l.columns = append(l.columns, column{name: name, from: from, slot: i, schema: f, def: fallback(f, true)})
	}
	return nil
}

// valueColumns finds the others.
func (s Sink) valueColumns(l *layout, value *connect.Schema) error {
	switch {
	case value == nil:
		return errors.New("the value has no schema, and a row needs one: take a converter that reads it, such as convert.#JSON with schemasEnable or an Avro one")
	case value.Kind() == connect.KindString && value.Logical() == connect.NotLogical:
		return s.textColumn(l)
	case value.Kind() != connect.KindStruct:
		return fmt.Errorf("the value has to be a struct, or a string; it is %s", describe(value))
	}
	for i, f := range value.Fields() {
		if l.has(f.Name) || len(s.FieldsWhitelist) > 0 && !slices.Contains(s.FieldsWhitelist, f.Name) {
			continue
		}
		c := column{name: f.Name, from: fromValueField, slot: i, schema: f.Schema, def: fallback(f.Schema, s.ReplaceNullWithDefault)}
		if slices.Contains(s.TimestampFieldsList, f.Name) {
			if err := c.readTime(); err != nil {
				return err
			}
		}
		l.columns = append(l.columns, c)
	}
	return nil
}

// textColumn is the one of a value that is a string.
func (s Sink) textColumn(l *layout) error {
	name := s.StringOutputValueColumnName
	if name == "" {
		name = "record_value"
	}
	switch {
	case l.has(name):
		return fmt.Errorf("stringOutputValueColumnName: %s is a column of the key", connect.Word(name))
	case len(s.FieldsWhitelist) > 0:
		return errors.New("the value is a string and has no fields: leave fieldsWhitelist out")
	case len(s.TimestampFieldsList) > 0:
		return errors.New("the value is a string and has no fields: leave timestampFieldsList out")
	}
	l.columns = append(l.columns, column{name: name, from: fromValue, schema: connect.OptionalStringSchema})
	return nil
}

func (l *layout) has(name string) bool {
	return slices.ContainsFunc(l.columns, func(c column) bool { return c.name == name })
}

// definition is a column as a table that is made has it. Those of the key are
// never null.
func (l *layout) definition(d database.Dialect, i int) (database.Definition, error) {
	c := &l.columns[i]
	key := i < l.keys
	schema := c.schema
	if c.time != nil {
		schema = c.time
	}
	if err := database.CheckName(d, c.name); err != nil {
		return database.Definition{}, fmt.Errorf("field %s: %w", connect.Word(c.name), err)
	}
	kind, err := d.ColumnType(schema, key)
	if err != nil {
		return database.Definition{}, fmt.Errorf("field %s: %w", connect.Word(c.name), err)
	}
	def := database.Definition{Name: c.name, Type: kind, NotNull: key || !schema.IsOptional()}
	if v, ok := schema.Default(); ok {
		if text, ok := d.AppendDefault(nil, schema, v); ok {
			def.Default = string(text)
		}
	}
	return def, nil
}

// fallback is what null stands for.
func fallback(s *connect.Schema, replace bool) connect.Value {
	if v, ok := s.Default(); ok && replace {
		return v
	}
	return connect.Null
}

// describe is a schema in a sentence.
func describe(s *connect.Schema) string {
	switch {
	case s == nil:
		return "without a schema"
	case s.Name() != "" && s.Kind() != connect.KindStruct:
		return "of type " + s.Kind().String() + " (" + connect.Word(s.Name()) + ")"
	}
	return "of type " + s.Kind().String()
}

// wordsOf lists names in a sentence.
func wordsOf(names []string) string {
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = connect.Word(n)
	}
	return strings.Join(words, ", ")
}
