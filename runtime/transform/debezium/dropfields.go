package debezium

import (
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/memo"
)

// dropper leaves out the columns that a header lists.
type dropper struct {
	header     string
	fromKey    bool
	compatible bool // columns that may not be null stay

	plans  memo.Memo[*connect.Schema, *dropPlans]
	chosen []byte // of each field whether it goes
	slab   connect.Slab
}

// dropPlans are the plans for structs of one schema, by what goes.
type dropPlans struct{ of memo.Memo[string, *dropPlan] }

// dropPlan says what stays.
type dropPlan struct {
	out  *connect.Schema
	stay []int
}

// drop leaves columns out of the value, of its first n fields, and out of the
// key. Without a dropper there is nothing to do.
func (d *dropper) drop(r *connect.Record, n int) error {
	if d == nil {
		return nil
	}
	names, err := d.names(r.Headers)
	if err != nil || len(names) == 0 {
		return err
	}
	if d.fromKey && !r.Key.IsNull() {
		if err := d.fromDatum(&r.Key, names, -1); err != nil {
			return fmt.Errorf("dropFieldsFromKey: %w", err)
		}
	}
	if r.Value.IsNull() {
		return nil
	}
	return d.fromDatum(&r.Value, names, n)
}

// names is the list in the header.
func (d *dropper) names(headers []connect.Header) ([]connect.Value, error) {
	for i := range headers {
		if h := &headers[i]; h.Key == d.header {
			switch h.Value.Kind() {
			case connect.KindNull:
				return nil, nil
			case connect.KindArray:
				return h.Value.Array().Elems, nil
			}
			return nil, fmt.Errorf("dropFieldsHeaderName: header %q is a %v, and has to be an array of names", d.header, h.Value.Kind())
		}
	}
	return nil, nil
}

// fromDatum leaves fields out of a struct, of its first n fields (-1: of all),
// or, where there is no schema, out of a map.
func (d *dropper) fromDatum(in *connect.Datum, names []connect.Value, n int) error {
	if in.Schema == nil {
		return d.fromMap(in, names)
	}
	old, err := slots(in.Schema, in.Value)
	if err != nil {
		return err
	}
	if n < 0 {
		n = len(old)
	}
	if !d.choose(in.Schema, names, n) && d.compatible {
		return nil
	}
	p, err := d.plan(in.Schema)
	if err != nil {
		return err
	}
	out := d.slab.Struct(p.out)
	fields := in.Schema.Fields()
	for to, from := range p.stay {
		v := orDefault(fields[from].Schema, old[from])
		if err := required(&fields[from], v); err != nil {
			return err
		}
		out.Slots[to] = v
	}
	in.Schema, in.Value = p.out, out.Value()
	return nil
}

// choose marks the fields that go, and says whether any does.
func (d *dropper) choose(s *connect.Schema, names []connect.Value, n int) (some bool) {
	fields := s.Fields()
	d.chosen = append(d.chosen[:0], make([]byte, len(fields))...)
	for _, name := range names {
		if name.Kind() != connect.KindString {
			continue
		}
		i := s.FieldIndex(name.Str())
		if i >= 0 && i < n && (!d.compatible || fields[i].Schema.IsOptional()) {
			d.chosen[i] = 1
			some = true
		}
	}
	return some
}

// plan plans for structs of a schema that lose what is chosen.
func (d *dropper) plan(s *connect.Schema) (*dropPlan, error) {
	plans, ok := d.plans.Get(s)
	if !ok {
		plans = &dropPlans{of: memo.Memo[string, *dropPlan]{Max: 64}}
		d.plans.Put(s, plans)
	}
	if p, ok := memo.GetText(&plans.of, d.chosen); ok {
		return p, nil
	}
	p := &dropPlan{}
	b := connect.NewStruct().Basics(s)
	for i, f := range s.Fields() {
		if d.chosen[i] == 0 {
			b.Field(f.Name, f.Schema)
			p.stay = append(p.stay, i)
		}
	}
	var err error
	if p.out, err = b.Build(); err != nil {
		return nil, err
	}
	plans.of.Put(string(d.chosen), p)
	return p, nil
}

func (d *dropper) fromMap(in *connect.Datum, names []connect.Value) error {
	m := in.Value.Map()
	switch {
	case d.compatible:
		return fmt.Errorf("without a schema nothing says which fields may be null; dropFieldsKeepSchemaCompatible: false leaves out all")
	case m == nil:
		return fmt.Errorf("only a map has fields where there is no schema, and this is %v", in.Value.Kind())
	}
	out := d.slab.Map(m.Len())
	for i := range m.Len() {
		e := m.At(i)
		if !contains(names, e.Key) {
			out.Put(e.Key, e.Value)
		}
	}
	in.Value = out.Value()
	return nil
}

func contains(names []connect.Value, name connect.Value) bool {
	for _, n := range names {
		if n.Kind() == connect.KindString && n.Equal(name) {
			return true
		}
	}
	return false
}
