package transform

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/reshape"
)

// branch is what to do with one field, or with the fields that are in it. The
// root stands for the whole struct or map.
type branch struct {
	name   string // the field's; "" for the root
	change bool   // the field's value is changed
	drop   bool   // the field goes
	rename string // the field's new name; "" for its own
	stays  bool   // the field, or one in it, is included
	whole  bool   // the field is included with all that is in it

	below   map[string]*branch
	order   []*branch       // below, in the order in which they were named
	only    bool            // fields below that are not included go
	targets map[string]bool // the new names that fields below get

	maps reshape.Plans[connect.KeySet] // for maps that this branch stands for
}

// at finds or makes the branch of a path.
func (b *branch) at(path fieldPath) *branch {
	for _, name := range path {
		next := b.below[name]
		if next == nil {
			next = &branch{name: name}
			if b.below == nil {
				b.below = map[string]*branch{}
			}
			b.below[name] = next
			b.order = append(b.order, next)
		}
		b = next
	}
	return b
}

// fewNamed is how many names are looked through one by one.
const fewNamed = 8

// named is the branch of a field; nil where it is not named.
func (b *branch) named(field string) *branch {
	if len(b.order) > fewNamed {
		return b.below[field]
	}
	for _, c := range b.order {
		if c.name == field {
			return c
		}
	}
	return nil
}

// include has the field of a path stay, and those go that nothing includes.
func (b *branch) include(path fieldPath) {
	for _, name := range path {
		if b.whole {
			return
		}
		b.only = true
		b = b.at(fieldPath{name})
		b.stays = true
	}
	b.whole, b.only = true, false
}

// renameAt gives the field of a path a new name.
func (b *branch) renameAt(path fieldPath, name string) {
	parent := b.at(path[:len(path)-1])
	if parent.targets == nil {
		parent.targets = map[string]bool{}
	}
	parent.targets[name] = true
	b.at(path).rename = name
}

// taken is the error of a field that keeps a name which another is to get that
// is not there: Kafka Connect then looks for the other one's value.
func (b *branch) taken(c *branch, name string, in *connect.Schema) error {
	if !b.targets[name] || c != nil && c.rename != "" {
		return nil
	}
	for _, old := range b.order {
		if old.rename == name && in.FieldIndex(old.name) < 0 {
			return connect.OptionErrorf("renames", "%q is to become %q, which is there: %w", old.name, name, connect.NoField(old.name, in))
		}
	}
	return nil
}

// goes reports whether the field of c (nil: it is not named) is left out.
func (b *branch) goes(c *branch) bool {
	if c == nil {
		return b.only
	}
	return c.drop || b.only && !c.stays
}

// rewriter makes structs and maps anew with some fields changed, at any depth.
// What it does not name stays, and is not copied where it is nested.
type rewriter struct {
	root        *branch
	replaceNull bool
	// sameSchema is whether no schema changes, so that each is used again.
	sameSchema bool
	// byKind is whether the new value of a field hangs on the old one's kind alone.
	byKind bool
	// schema is the new schema of a field that is changed.
	schema func(*branch, *connect.Schema) (*connect.Schema, error)
	// value is the new value of a field that is changed. In a map there is no
	// schema, and a field that is missing is added, of null.
	value func(*branch, *connect.Schema, connect.Value) (connect.Value, error)
	// fits is why no value of a field's schema can be changed; nil where all is
	// well, or can be known only by the value.
	fits func(*branch, *connect.Schema) error
	// optional is whether the outermost schema stays optional.
	optional bool
	// textKeys is whether keys of maps have to be strings.
	textKeys bool
	// keepMissing is whether a field that a map does not have is not added.
	keepMissing bool

	plans perSchema[*plan]
	slab  connect.Slab
}

// plan says how to make structs of one schema.
type plan struct {
	in, out *connect.Schema
	steps   []step
}

// step makes one field.
type step struct {
	from   int // the field that it is made of
	field  *connect.Field
	change *branch // where the field is named
	nested *plan   // where fields in it are
}

// open makes the rewriter ready.
func (w *rewriter) open() *rewriter {
	w.plans.derive = func(in *connect.Schema) (*plan, error) { return w.plan(w.root, in) }
	return w
}

// becomes is the new schema of a struct, if all that is to be changed in it can
// be.
func (w *rewriter) becomes(in *connect.Schema) (*connect.Schema, error) {
	if err := notStruct(in); err != nil {
		return nil, err
	}
	p, err := w.plans.of(in)
	if err == nil {
		err = w.check(p)
	}
	if err != nil {
		return nil, err
	}
	return p.out, nil
}

// check finds the fields that cannot be changed, all of them.
func (w *rewriter) check(p *plan) (err error) {
	for i := range p.steps {
		s, wrong := &p.steps[i], error(nil)
		switch {
		case s.nested != nil:
			wrong = w.check(s.nested)
		case s.change != nil:
			wrong = w.fits(s.change, s.field.Schema)
		}
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("field %q: %w", s.field.Name, wrong))
		}
	}
	return err
}

// rewrite changes a struct or map in place of d.
func (w *rewriter) rewrite(d *connect.Datum) error {
	w.slab.Begin()
	if d.Schema == nil {
		m, err := mapOf(d.Value)
		if err != nil {
			return err
		}
		d.Value, err = w.inMap(w.root, m)
		return err
	}
	st, err := structOf(d.Value)
	if err != nil {
		return err
	}
	p, err := w.plans.of(st.Schema)
	if err != nil {
		return err
	}
	v, err := w.inStruct(p, st)
	if err != nil {
		return err
	}
	d.Schema, d.Value = p.out, v
	return nil
}

// plan plans for the struct that b stands for. A struct has no default: that
// would be of a schema with that default.
func (w *rewriter) plan(b *branch, in *connect.Schema) (*plan, error) {
	p := &plan{in: in, out: in}
	build := connect.NewStruct().Basics(in)
	if in.IsOptional() && (w.optional || b != w.root) {
		build.Optional()
	}
	fields := in.Fields()
	for i := range fields {
		f := &fields[i]
		s := step{from: i, field: f}
		name, schema, err := f.Name, f.Schema, error(nil)
		c := b.below[f.Name]
		if b.goes(c) {
			continue
		}
		if err := b.taken(c, f.Name, in); err != nil {
			return nil, err
		}
		if c != nil {
			if c.only && f.Schema.Kind() != connect.KindStruct {
				continue // it has none of the fields that are included
			}
			if c.rename != "" {
				name = c.rename
			}
			if schema, err = w.named(&s, c, f.Schema); err != nil {
				return nil, fmt.Errorf("field %q: %w", f.Name, err)
			}
		}
		build.Field(name, schema)
		p.steps = append(p.steps, s)
	}
	if w.sameSchema {
		return p, nil
	}
	var err error
	p.out, err = build.Build()
	return p, err
}

// named says in s what to do with a field that is named, or fields in it; the
// field's new schema comes back.
func (w *rewriter) named(s *step, c *branch, in *connect.Schema) (out *connect.Schema, err error) {
	switch {
	case c.change:
		s.change = c
		if !w.sameSchema {
			return w.schema(c, in)
		}
	case c.below != nil && in.Kind() == connect.KindStruct:
		if s.nested, err = w.plan(c, in); err != nil {
			return nil, err
		}
		return s.nested.out, nil
	}
	return in, nil
}

func (w *rewriter) inStruct(p *plan, old *connect.Struct) (connect.Value, error) {
	if old == nil || len(old.Slots) != len(p.in.Fields()) {
		return connect.Null, fmt.Errorf("no struct of %v", p.in)
	}
	st := w.slab.Struct(p.out)
	for i := range p.steps {
		s := &p.steps[i]
		v, err := filled(s.field.Schema, old.Slots[s.from], w.replaceNull)
		switch {
		case err != nil:
		case s.nested != nil && !v.IsNull():
			v, err = w.inStruct(s.nested, v.Struct())
		case s.change != nil:
			v, err = w.value(s.change, s.field.Schema, v)
		}
		if err != nil {
			return connect.Null, fmt.Errorf("field %q: %w", s.field.Name, err)
		}
		st.Slots[i] = v
	}
	return st.Value(), nil
}
