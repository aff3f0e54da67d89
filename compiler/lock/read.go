package lock

import (
	"fmt"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/dryrun/wire"
)

// parse reads a lock's text. Nothing of it is evaluated: it is what kcgen lock
// writes, or it is refused.
func parse(name string, text []byte) ([]*Entry, error) {
	f, err := parser.ParseFile(name, text)
	if err != nil {
		return nil, fmt.Errorf("lock: %s: %w; is it the rest of a merge? Take one side, then run kcgen lock", name, err)
	}
	r := &reader{name: name}
	var out []*Entry
	for _, d := range f.Decls {
		label, x, _, err := r.field(d)
		if err != nil {
			return nil, err
		}
		s, ok := x.(*ast.StructLit)
		if !ok {
			return nil, r.wrong(d, "is no pipeline")
		}
		e, err := r.entry(label, s)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

type reader struct{ name string }

func (r *reader) at(n ast.Node) plan.Pos {
	p := n.Pos().Position()
	return plan.Pos{File: r.name, Line: p.Line, Column: p.Column}
}

func (r *reader) wrong(n ast.Node, what string) error {
	return fmt.Errorf("lock: %s:%d: %s; the file is written by kcgen lock", r.name, r.at(n).Line, what)
}

// field is a field with a plain name, and what its @change says.
func (r *reader) field(d ast.Decl) (label string, x ast.Expr, change string, err error) {
	f, ok := d.(*ast.Field)
	if !ok || f.Constraint != token.ILLEGAL {
		return "", nil, "", r.wrong(d, "is no field")
	}
	label, _, err = ast.LabelName(f.Label)
	if err != nil {
		return "", nil, "", r.wrong(d, "has no plain name")
	}
	for _, a := range f.Attrs {
		if key, body := a.Split(); key == "change" {
			change = body
		}
	}
	return label, f.Value, change, nil
}

func (r *reader) entry(name string, s *ast.StructLit) (*Entry, error) {
	e := &Entry{At: r.at(s), root: &plan.Struct{}}
	e.Name, _, _ = strings.Cut(name, " ")
	for _, d := range s.Elts {
		path, x, change, err := r.field(d)
		if err != nil {
			return nil, err
		}
		n, err := r.value(x)
		if err != nil {
			return nil, err
		}
		l, isText := n.(*plan.Lit)
		connector, part, isFlow := strings.Cut(path, " ")
		switch {
		case path == "spec" && isText:
			e.Spec = l.Str
		case path == "tags":
			e.Tags = tagsOf(n)
		case isFlow && isText:
			e.flow(connector, part, l.Str)
		default:
			if err := insert(e.root, path, n, change, r.at(d)); err != nil {
				return nil, r.wrong(d, err.Error())
			}
		}
	}
	arrangeAll(e.root)
	connectors(e.root)
	return e, nil
}

func tagsOf(n plan.Node) (out []string) {
	l, _ := n.(*plan.List)
	if l == nil {
		return nil
	}
	for _, e := range l.Elems {
		if t, ok := e.(*plan.Lit); ok {
			out = append(out, t.Str)
		}
	}
	return out
}

func (e *Entry) flow(connector, path, name string) {
	base, optional := strings.CutSuffix(name, "?")
	part := wire.Field{Path: path, Type: base, Optional: optional}
	if n := len(e.flows); n > 0 && e.flows[n-1].Connector == connector {
		e.flows[n-1].End = append(e.flows[n-1].End, part)
		return
	}
	e.flows = append(e.flows, wire.Flow{Connector: connector, End: []wire.Field{part}})
}

// value reads a plain value.
func (r *reader) value(x ast.Expr) (plan.Node, error) {
	at := r.at(x)
	switch x := x.(type) {
	case *ast.BasicLit:
		return r.scalar(x, at)
	case *ast.ListLit:
		out := &plan.List{Pos: at}
		for _, e := range x.Elts {
			n, err := r.value(e)
			if err != nil {
				return nil, err
			}
			out.Elems = append(out.Elems, n)
		}
		return out, nil
	case *ast.StructLit:
		return r.mapping(x, at)
	}
	return nil, r.wrong(x, "is no value that a lock has")
}

func (r *reader) scalar(x *ast.BasicLit, at plan.Pos) (plan.Node, error) {
	switch x.Kind {
	case token.TRUE, token.FALSE:
		return &plan.Lit{Pos: at, Kind: plan.Bool, Bool: x.Kind == token.TRUE}, nil
	case token.INT:
		if n, err := strconv.ParseInt(x.Value, 10, 64); err == nil {
			return &plan.Lit{Pos: at, Kind: plan.Int, Int: n}, nil
		}
	case token.FLOAT:
		if n, err := strconv.ParseFloat(x.Value, 64); err == nil {
			return &plan.Lit{Pos: at, Kind: plan.Float, Float: n}, nil
		}
	case token.STRING:
		if s, err := literal.Unquote(x.Value); err == nil {
			return &plan.Lit{Pos: at, Kind: plan.String, Str: s}, nil
		}
	}
	return nil, r.wrong(x, "is no value that a lock has")
}

// mapping reads a map; an empty one stands for a struct that is there.
func (r *reader) mapping(x *ast.StructLit, at plan.Pos) (plan.Node, error) {
	if len(x.Elts) == 0 {
		return &plan.Struct{Pos: at}, nil
	}
	out := &plan.Map{Pos: at}
	for _, d := range x.Elts {
		key, v, _, err := r.field(d)
		if err != nil {
			return nil, err
		}
		n, err := r.value(v)
		if err != nil {
			return nil, err
		}
		out.Keys, out.Vals = append(out.Keys, key), append(out.Vals, n)
	}
	return out, nil
}
