package transform

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/reshape"
)

var _ connect.Transform = InsertField{}

// Open gives the function that does it. It is an error to insert nothing.
func (f InsertField) Open() (connect.Apply, error) {
	part, err := partOf(f.On)
	var ins *inserter
	if err == nil {
		ins, err = f.inserter()
	}
	if err != nil {
		return nil, fmt.Errorf("transform: open InsertField: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		if err := ins.insert(r, part(r)); err != nil {
			return false, fmt.Errorf("transform: InsertField on the %s: %w", f.On, err)
		}
		return true, nil
	}, nil
}

// Flow adds the fields to the schema. Null stays null, with the schema that it
// has.
func (f InsertField) Flow(s *connect.Shape) error {
	form := formOf(f.On, s)
	ins, err := f.inserter()
	if err != nil {
		return err
	}
	err = pastNulls(form, ins.becomes)
	if s.NoOffset && f.OffsetField != "" && form.Nulls != connect.NullsAlways {
		form.Known = false
		err = errors.Join(err, &connect.OptionError{Option: "offsetField", Err: errNoOffset})
	}
	return err
}

var errNoOffset = errors.New("offsetField is for sinks: a source's record has no offset yet")

// inserter is what puts the fields where they belong.
func (f InsertField) inserter() (*inserter, error) {
	all := f.insertions()
	if len(all) == 0 {
		return nil, errors.New("no field to insert")
	}
	root := newInserter(f.ReplaceNullWithDefault)
	for _, in := range all {
		path, err := parseFieldPath(in.name, f.FieldSyntaxVersion)
		if err != nil {
			return nil, &connect.OptionError{Option: in.option, Err: err}
		}
		parents, name := path[:len(path)-1], path[len(path)-1]
		in.name, in.key = name, connect.String(name)
		at := root
		for _, parent := range parents {
			at = at.within(parent, in.option)
		}
		at.fields = append(at.fields, in)
	}
	return root, nil
}

// source says where an inserted value comes from.
type source uint8

const (
	topicName source = iota
	partitionNumber
	offset
	timestamp
	static
)

// parts are where they come from in a plan's terms.
var parts = [...]reshape.Part{topicName: reshape.Topic, partitionNumber: reshape.Partition, offset: reshape.Offset, timestamp: reshape.Timestamp, static: reshape.Nothing}

// insertion is one field to insert.
type insertion struct {
	from   source
	option string // that asks for it
	name   string
	key    connect.Value // the name
	schema *connect.Schema
	static connect.Value
}

// insertions are the fields that are given, in Kafka Connect's order.
func (f InsertField) insertions() (out []insertion) {
	for _, c := range []struct {
		option, spec       string
		from               source
		required, optional *connect.Schema
	}{
		{"topicField", f.TopicField, topicName, connect.StringSchema, connect.OptionalStringSchema},
		{"partitionField", f.PartitionField, partitionNumber, connect.Int32Schema, connect.OptionalInt32Schema},
		{"offsetField", f.OffsetField, offset, connect.Int64Schema, connect.OptionalInt64Schema},
		{"timestampField", f.TimestampField, timestamp, connect.TimestampSchema, connect.OptionalTimestampSchema},
		{"staticField", f.StaticField, static, connect.StringSchema, connect.OptionalStringSchema},
	} {
		if c.spec == "" {
			continue
		}
		in := insertion{from: c.from, option: c.option, schema: c.optional, static: constant(f.StaticValue)}
		name, required := strings.CutSuffix(c.spec, "!")
		if required {
			in.schema = c.required
		} else {
			name = strings.TrimSuffix(name, "?")
		}
		in.name = name
		out = append(out, in)
	}
	return out
}

// inserter puts fields into structs and maps, and into those in them.
type inserter struct {
	fields      []insertion
	below       *insertBelow // nil: nothing goes deeper
	nested      bool         // into a field's struct, whose schema stays optional
	replaceNull bool
	schemas     schemas
	maps        reshape.Plans[connect.KeySet]
	slab        connect.Slab
}

// mapPlan plans for maps of these keys; not for a field that is inserted twice,
// each time with what may be wrong with it.
func (ins *inserter) mapPlan(keys *connect.KeySet) *reshape.Plan {
	m := connect.Map{Keys: slices.Clone(keys.Keys())}
	p := &reshape.Plan{}
	for i := range m.Keys {
		p.Places = append(p.Places, reshape.Place{From: i})
	}
	for i := range ins.fields {
		f := &ins.fields[i]
		at := m.Index(f.name)
		if at < 0 {
			at = len(m.Keys)
			m.Keys, p.Places = append(m.Keys, f.key), append(p.Places, reshape.Place{})
		} else if p.Places[at].From == reshape.None {
			return nil
		}
		p.Places[at] = f.place(false)
	}
	p.Keys = connect.NewKeySet(m.Keys)
	return p
}

// place is where the field comes. A plan does not fit where it has no value,
// as a map then has other keys.
func (f *insertion) place(inStruct bool) reshape.Place {
	if f.from == static {
		return reshape.Place{From: reshape.None, Default: f.static}
	}
	return reshape.Place{From: reshape.None, Part: parts[f.from], Change: func(r *connect.Record, _ connect.Value) (connect.Value, bool) {
		v, ok, err := f.value(r, inStruct)
		return v, err == nil && (ok || inStruct)
	}}
}

// derive makes the schema with the new fields; one that is there already is an
// error.
func (ins *inserter) derive(in *connect.Schema) (*connect.Schema, error) {
	if err := notStruct(in); err != nil {
		return nil, err
	}
	b := connect.NewStruct().Basics(in)
	if ins.nested && in.IsOptional() {
		b.Optional()
	}
	for _, f := range in.Fields() {
		b.Field(f.Name, f.Schema)
	}
	var twice error
	for i := range ins.fields {
		f := &ins.fields[i]
		if in.FieldIndex(f.name) >= 0 {
			twice = errors.Join(twice, connect.OptionErrorf(f.option, "field %q twice: the struct has one of that name", f.name))
		}
		b.Field(f.name, f.schema)
	}
	if twice != nil {
		return nil, twice
	}
	return b.Build()
}

func (ins *inserter) insert(r *connect.Record, d *connect.Datum) error {
	if d.IsNull() {
		return nil
	}
	if ins.below != nil {
		if err := ins.below.insert(r, d); err != nil {
			return err
		}
	}
	switch {
	case len(ins.fields) == 0:
		return nil
	case d.Schema == nil:
		return ins.intoMap(r, d)
	}
	return ins.intoStruct(r, d)
}

func (ins *inserter) intoMap(r *connect.Record, d *connect.Datum) error {
	old := d.Value.Map()
	if old == nil {
		return fmt.Errorf("only a map can take a field where there is no schema, and this is %v", d.Value.Kind())
	}
	if v, ok := ins.maps.Of(old.Shared).Map(&ins.slab, r, old.Vals); ok {
		d.Value = v
		return nil
	}
	m := ins.slab.Map(old.Len() + len(ins.fields))
	m.Keys, m.Vals = append(m.Keys, old.Keys...), append(m.Vals, old.Vals...)
	for i := range ins.fields {
		f := &ins.fields[i]
		v, ok, err := f.value(r, false)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if at := m.Index(f.name); at >= 0 {
			m.Vals[at] = v
		} else {
			m.Put(f.key, v)
		}
	}
	d.Value = m.Value()
	return nil
}

func (ins *inserter) intoStruct(r *connect.Record, d *connect.Datum) error {
	old := d.Value.Struct()
	if old == nil {
		return fmt.Errorf("only a struct can take a field where there is a schema, and this is %v", d.Value.Kind())
	}
	fields := old.Schema.Fields()
	if len(old.Slots) != len(fields) {
		return fmt.Errorf("a struct with %d slots for %d fields", len(old.Slots), len(fields))
	}
	schema, err := ins.schemas.of(old.Schema)
	if err != nil {
		return err
	}
	st := ins.slab.Struct(schema)
	for i, v := range old.Slots {
		if st.Slots[i], err = filled(fields[i].Schema, v, ins.replaceNull); err != nil {
			return fmt.Errorf("field %q: %w", fields[i].Name, err)
		}
	}
	for i := range ins.fields {
		v, _, err := ins.fields[i].value(r, true)
		if err != nil {
			return err
		}
		st.Slots[len(fields)+i] = v
	}
	d.Schema, d.Value = schema, st.Value()
	return nil
}

// value is what to insert, or false for nothing. A timestamp is an instant in
// a struct, and a number in a map.
func (f *insertion) value(r *connect.Record, inStruct bool) (v connect.Value, ok bool, err error) {
	switch f.from {
	case topicName:
		return connect.String(r.Topic), true, nil
	case partitionNumber:
		if r.Partition == connect.NoPartition {
			return connect.Null, false, nil
		}
		return connect.Int32(r.Partition), true, nil
	case offset:
		if r.Offset < 0 {
			return connect.Null, false, errNoOffset
		}
		return connect.Int64(r.Offset), true, nil
	case timestamp:
		if r.Timestamp == connect.NoTimestamp {
			return connect.Null, false, nil
		}
		if inStruct {
			return connect.InstantMilli(r.Timestamp), true, nil
		}
		return connect.Int64(r.Timestamp), true, nil
	}
	return f.static, true, nil
}
