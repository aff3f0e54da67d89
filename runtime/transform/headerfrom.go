package transform

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = HeaderFrom{}

// Open gives the function that does it.
func (h HeaderFrom) Open() (connect.Apply, error) {
	part, err := partOf(h.On)
	switch {
	case err != nil:
	case len(h.Fields) == 0:
		err = fmt.Errorf("no fields")
	case len(h.Fields) != len(h.Headers):
		err = fmt.Errorf("%d fields, but %d headers", len(h.Fields), len(h.Headers))
	case h.Operation != "move" && h.Operation != "copy":
		err = fmt.Errorf(`operation is %q, and has to be "move" or "copy"`, h.Operation)
	}
	var f *headerFrom
	if err == nil {
		f, err = h.mover()
	}
	if err != nil {
		return nil, fmt.Errorf("transform: open HeaderFrom: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		if err := f.apply(r, part(r)); err != nil {
			return false, fmt.Errorf("transform: HeaderFrom on the %s: %w", h.On, err)
		}
		return true, nil
	}, nil
}

// Flow takes the fields that are moved out of the schema. Null fails.
func (h HeaderFrom) Flow(s *connect.Shape) error {
	form := formOf(h.On, s)
	f, err := h.mover()
	if err != nil {
		return err
	}
	return errors.Join(noNulls(h.On, form), pastNulls(form, func(in *connect.Schema) (*connect.Schema, error) {
		p, err := f.plan(in)
		if err != nil || !f.move {
			return in, err
		}
		return p.rest.out, nil
	}))
}

func (h HeaderFrom) mover() (*headerFrom, error) {
	f := &headerFrom{HeaderFrom: h, move: h.Operation == "move"}
	root := &branch{}
	for _, field := range h.Fields {
		path, err := parseFieldPath(field, h.FieldSyntaxVersion)
		if err != nil {
			return nil, ofOption("fields", err)
		}
		f.paths = append(f.paths, path)
		root.at(path).drop = true
	}
	f.rest = (&rewriter{root: root, replaceNull: h.ReplaceNullWithDefault}).open()
	f.plans.derive = f.plan
	return f, nil
}

type headerFrom struct {
	HeaderFrom
	paths []fieldPath
	move  bool
	rest  *rewriter // takes the fields out
	plans perSchema[*headerPlan]
}

// headerPlan says what to do with structs of one schema.
type headerPlan struct {
	rest   *plan             // of what stays, where fields are moved
	header []*connect.Schema // of each header
}

func (f *headerFrom) plan(in *connect.Schema) (p *headerPlan, err error) {
	if err := notStruct(in); err != nil {
		return nil, err
	}
	p = &headerPlan{}
	for _, path := range f.paths {
		s, missing := path.needed(in)
		err = errors.Join(err, ofOption("fields", missing))
		p.header = append(p.header, s)
	}
	if err == nil && f.move {
		p.rest, err = f.rest.plans.of(in)
	}
	return p, err
}

func (f *headerFrom) apply(r *connect.Record, d *connect.Datum) error {
	if d.Schema == nil {
		m := d.Value.Map()
		if m == nil {
			return fmt.Errorf("only a map has fields where there is no schema, and this is %v", d.Value.Kind())
		}
		return f.ofMap(r, d, m)
	}
	st := d.Value.Struct()
	if st == nil {
		return fmt.Errorf("only a struct has fields where there is a schema, and this is %v", d.Value.Kind())
	}
	return f.ofStruct(r, d, st)
}

func (f *headerFrom) ofMap(r *connect.Record, d *connect.Datum, m *connect.Map) error {
	headers := room(r.Headers, len(f.paths))
	for i, path := range f.paths {
		v, err := path.inMap(m)
		if err != nil {
			return err
		}
		headers = append(headers, connect.Header{Key: f.Headers[i], Datum: connect.Datum{Value: v}})
	}
	if f.move {
		rest, err := f.rest.inMap(f.rest.root, m)
		if err != nil {
			return err
		}
		d.Value = rest
	}
	r.Headers = headers
	return nil
}

func (f *headerFrom) ofStruct(r *connect.Record, d *connect.Datum, st *connect.Struct) error {
	p, err := f.plans.of(st.Schema)
	if err != nil {
		return err
	}
	if st, err = structOf(d.Value); err != nil {
		return err
	}
	headers := room(r.Headers, len(p.header))
	for i, schema := range p.header {
		v, err := f.paths[i].inStruct(st, f.ReplaceNullWithDefault)
		if err != nil {
			return err
		}
		headers = append(headers, connect.Header{Key: f.Headers[i], Datum: connect.Datum{Schema: schema, Value: v}})
	}
	if f.move {
		rest, err := f.rest.inStruct(p.rest, st)
		if err != nil {
			return err
		}
		d.Schema, d.Value = p.rest.out, rest
	}
	r.Headers = headers
	return nil
}
