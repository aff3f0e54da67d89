package debezium

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/memo"
)

var _ connect.Flow = ByLogicalTableRouter{}

// Open gives the function that does it.
func (b ByLogicalTableRouter) Open() (connect.Apply, error) {
	x, err := b.open()
	if err != nil {
		return nil, fmt.Errorf("debezium: open ByLogicalTableRouter: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		if err := x.apply(r); err != nil {
			return false, fmt.Errorf("debezium: ByLogicalTableRouter: %w", err)
		}
		return true, nil
	}, nil
}

// logical is the transform of one task.
type logical struct {
	ByLogicalTableRouter
	topic, table *rename // table is nil: the topic says which it is
	adjust       adjuster
	topics       memo.Memo[string, *logicalTopic]
	keys         memo.Memo[schemaOf, *connect.Schema]
	envelopes    memo.Memo[schemaOf, *logicalEnvelope]
	slab         connect.Slab
}

// schemaOf is a schema under a topic's name.
type schemaOf struct {
	schema *connect.Schema
	topic  string
}

// logicalTopic is what becomes of a topic.
type logicalTopic struct {
	name    string // "": the record stays as it is
	matched bool
	table   connect.Value
}

func (b ByLogicalTableRouter) open() (x *logical, err error) {
	x = &logical{ByLogicalTableRouter: b}
	switch {
	case blank(b.TopicRegex) || blank(b.TopicReplacement):
		return nil, errors.New("topicRegex and topicReplacement are needed")
	case !blank(b.KeyFieldRegex) && blank(b.KeyFieldReplacement):
		return nil, errors.New("keyFieldReplacement is needed, for keyFieldRegex")
	case b.KeyFieldName == "" && b.KeyEnforceUniqueness:
		return nil, errors.New("keyFieldName is needed")
	}
	if x.topic, err = newRename(option{"topicRegex", b.TopicRegex}, option{"topicReplacement", b.TopicReplacement}); err != nil {
		return nil, err
	}
	if !blank(b.KeyFieldRegex) {
		x.table, err = newRename(option{"keyFieldRegex", b.KeyFieldRegex}, option{"keyFieldReplacement", b.KeyFieldReplacement})
		if err != nil {
			return nil, err
		}
	}
	x.adjust, err = newAdjuster(b.SchemaNameAdjustmentMode)
	size := max(b.LogicalTableCacheSize, 1)
	x.topics.Max, x.keys.Max, x.envelopes.Max = size, size, size
	return x, err
}

func (x *logical) apply(r *connect.Record) (err error) {
	to, ok := x.topics.Get(r.Topic)
	if !ok {
		topic := strings.Clone(r.Topic)
		if to, err = x.topicOf(topic); err != nil {
			return err
		}
		x.topics.Put(topic, to)
		if to.matched && to.name == "" {
			slog.Warn("debezium: ByLogicalTableRouter: topicReplacement gives no name, and records stay as they are", "topic", topic)
		}
	}
	if to.name == "" {
		return nil
	}
	key, err := x.key(r.Key, to)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	value := r.Value
	if !value.IsNull() && isEnvelope(value.Schema) {
		if value, err = x.envelope(value, to.name); err != nil {
			return err
		}
	}
	r.Topic, r.Key, r.Value = to.name, key, value
	return nil
}

// topicOf finds out what becomes of a topic.
func (x *logical) topicOf(topic string) (*logicalTopic, error) {
	name, ok, err := x.topic.of(topic)
	if err != nil || !ok {
		return &logicalTopic{}, err
	}
	table := topic
	if x.table != nil {
		switch found, ok, err := x.table.of(topic); {
		case err != nil:
			return nil, err
		case ok:
			table = found
		}
	}
	return &logicalTopic{name, true, connect.String(table)}, nil
}

// key makes the record's key.
func (x *logical) key(d connect.Datum, to *logicalTopic) (connect.Datum, error) {
	if d.IsNull() {
		return connect.Datum{}, nil
	}
	if d.Schema == nil {
		return connect.Datum{}, fmt.Errorf("a struct is needed, and this is a %v without a schema", d.Value.Kind())
	}
	old, err := slots(d.Schema, d.Value)
	if err != nil {
		return connect.Datum{}, err
	}
	at := schemaOf{d.Schema, to.name}
	schema, ok := x.keys.Get(at)
	if !ok {
		if schema, err = x.keySchema(d.Schema, to.name); err != nil {
			return connect.Datum{}, err
		}
		x.keys.Put(at, schema)
	}
	out := x.slab.Struct(schema)
	if err := move(out.Slots, old, d.Schema.Fields()); err != nil {
		return connect.Datum{}, err
	}
	if x.KeyEnforceUniqueness {
		out.Slots[len(old)] = to.table
	}
	return connect.Datum{Schema: schema, Value: out.Value()}, nil
}

// move copies fields. None may be null that has to be there.
func move(out, in []connect.Value, fields []connect.Field) error {
	for i, v := range in {
		if err := required(&fields[i], v); err != nil {
			return err
		}
		out[i] = v
	}
	return nil
}

func (x *logical) keySchema(old *connect.Schema, topic string) (*connect.Schema, error) {
	b := x.named(old, topic+".Key")
	for _, f := range old.Fields() {
		b.Field(f.Name, f.Schema)
	}
	if x.KeyEnforceUniqueness {
		b.Field(x.KeyFieldName, connect.StringSchema)
	}
	s, err := b.Build()
	if err != nil {
		return nil, connect.OptionErrorf("keyFieldName", "%w", err)
	}
	return s, nil
}

// named begins a schema like another of another name.
func (x *logical) named(old *connect.Schema, name string) *connect.SchemaBuilder {
	b := connect.NewStruct().Basics(old).Name(x.adjust(name))
	if old.IsOptional() {
		b.Optional()
	}
	return b
}

// logicalEnvelope says how to make envelopes of one schema.
type logicalEnvelope struct {
	out, row *connect.Schema
	rows     []rowMove // before and after
}

// rowMove is a row in an envelope.
type rowMove struct {
	at    int
	in    *connect.Schema
	to    []int // the field of the new row for each of the old one's
	other bool  // fields have other schemas in the new row
	wrong error // why no row can be moved
}

func (x *logical) envelope(d connect.Datum, topic string) (connect.Datum, error) {
	old, err := slots(d.Schema, d.Value)
	if err != nil {
		return d, err
	}
	at := schemaOf{d.Schema, topic}
	p, ok := x.envelopes.Get(at)
	if !ok {
		if p, err = x.plan(d.Schema, topic); err != nil {
			return d, err
		}
		x.envelopes.Put(at, p)
	}
	x.slab.Begin()
	out := x.slab.Struct(p.out)
	fields := d.Schema.Fields()
	for i, v := range old {
		out.Slots[i] = orDefault(fields[i].Schema, v)
		if err := required(&p.out.Fields()[i], out.Slots[i]); err != nil {
			return d, err
		}
	}
	for i := range p.rows {
		m := &p.rows[i]
		if out.Slots[m.at].IsNull() {
			continue
		}
		if out.Slots[m.at], err = x.row(p, m, out.Slots[m.at]); err != nil {
			return d, fmt.Errorf("field %q: %w", fields[m.at].Name, err)
		}
	}
	return connect.Datum{Schema: p.out, Value: out.Value()}, nil
}

// plan makes the schemas: both rows get that of before, or of after where there
// is no before.
func (x *logical) plan(old *connect.Schema, topic string) (p *logicalEnvelope, err error) {
	p = &logicalEnvelope{}
	row := fieldOf(old, fieldBefore)
	if row == nil {
		row = fieldOf(old, fieldAfter)
	}
	if row != nil {
		if row.Kind() != connect.KindStruct {
			return nil, fmt.Errorf("the row is a %v, and has to be a struct", row.Kind())
		}
		b := x.named(row, topic+".Value")
		for _, f := range row.Fields() {
			b.Field(f.Name, f.Schema)
		}
		if p.row, err = b.Build(); err != nil {
			return nil, err
		}
	}
	b := x.named(old, topic+".Envelope")
	for i, f := range old.Fields() {
		if p.row != nil && (f.Name == fieldBefore || f.Name == fieldAfter) {
			p.rows = append(p.rows, moveTo(p.row, f.Schema, i))
			f.Schema = p.row
		}
		b.Field(f.Name, f.Schema)
	}
	p.out, err = b.Build()
	return p, err
}

// moveTo plans how rows of a schema become rows of the new one, which is
// another where before and after differ.
func moveTo(row, in *connect.Schema, at int) rowMove {
	m := rowMove{at: at, in: in}
	for _, f := range in.Fields() {
		i := row.FieldIndex(f.Name)
		if i < 0 {
			m.wrong = fmt.Errorf("no field %q in %v", f.Name, row)
			return m
		}
		m.other = m.other || !f.Schema.Equal(row.Fields()[i].Schema)
		m.to = append(m.to, i)
	}
	for _, f := range row.Fields() {
		if _, ok := f.Schema.Default(); in.FieldIndex(f.Name) < 0 && !ok && !f.Schema.IsOptional() {
			m.wrong = fmt.Errorf("no field %q, which is required, in %v", f.Name, in)
		}
	}
	return m
}

// row makes a row of the new schema.
func (x *logical) row(p *logicalEnvelope, m *rowMove, v connect.Value) (connect.Value, error) {
	if m.wrong != nil {
		return v, m.wrong
	}
	old, err := slots(m.in, v)
	if err != nil {
		return v, err
	}
	out := x.slab.Struct(p.row)
	fields := p.row.Fields()
	for i, v := range old {
		f := &fields[m.to[i]]
		if m.other {
			err = connect.Validate(f.Schema, v)
		}
		if err == nil {
			err = required(f, v)
		}
		if err != nil {
			return v, fmt.Errorf("field %q: %w", f.Name, err)
		}
		out.Slots[m.to[i]] = v
	}
	return out.Value(), nil
}
