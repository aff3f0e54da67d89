package lock

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/review"
	"kcgen.dev/compiler/wiring"
	"kcgen.dev/runtime/dryrun/wire"
)

// Entry is what is locked of a plan, and of what is known of its records.
func (f *File) Entry(p *plan.Pipeline, flows []wire.Flow) *Entry {
	e := &Entry{Name: p.Name, Spec: f.specName(p), Tags: f.Tags, root: structure(p.Root, false)}
	connectors(e.root)
	for i, s := range e.root.Structs("sinks") {
		group(p.Root, p.Root.Structs("sinks")[i], s)
	}
	for _, f := range flows {
		if strings.HasPrefix(f.Connector, "sources.") && len(f.End) > 0 {
			e.flows = append(e.flows, wire.Flow{Connector: f.Connector, End: f.End})
		}
	}
	return e
}

// connectors adds the maps of sources and sinks that a pipeline does not have, so
// that a connector that comes or goes is told as such.
func connectors(root *plan.Struct) {
	for _, name := range []string{"sources", "sinks"} {
		if root.Get(name) == nil {
			root.Fields = append(root.Fields, field(name, &plan.List{Named: true}, "restart", plan.Pos{}))
		}
	}
	arrange(root)
}

// locked are the fields that are more than a restart, wherever they stand.
var locked = map[string]bool{"identity": true, "renamed": true, "includes": true, "excludes": true, "duplicates": true}

// structure is the locked part of a struct. Of converters and of a source's
// connector the options are locked too that make other records, where they are
// not as usual.
func structure(s *plan.Struct, output bool) *plan.Struct {
	out := &plan.Struct{Pos: s.Pos, Component: s.Component}
	if s.Component {
		out.Type = short(s.Type)
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Name == "" {
			out.Fields = append(out.Fields, *f) // the key of an element
		} else if n := part(s, f, output); n != nil {
			out.Fields = append(out.Fields, field(f.Name, n, f.Change, cmp.Or(f.Pos, s.Pos)))
		}
	}
	arrange(out)
	return out
}

func field(name string, n plan.Node, change string, at plan.Pos) plan.Field {
	return plan.Field{Pos: at, Name: name, Go: name, Value: n, Change: change}
}

// arrange sorts fields by name, behind the key, so that what is read and what is
// made are alike.
func arrange(s *plan.Struct) {
	slices.SortStableFunc(s.Fields, func(a, b plan.Field) int { return cmp.Compare(a.Name, b.Name) })
}

// part is the locked part of a field; nil where there is none.
func part(s *plan.Struct, f *plan.Field, output bool) plan.Node {
	switch v := f.Value.(type) {
	case *plan.Struct:
		in := structure(v, output || makesRecords(s, f))
		if len(in.Fields) == 0 && (!v.Component || f.Change == "restart") || f.Name == "consumer" {
			return nil // a consumer has its group from group
		}
		return in
	case *plan.List:
		if f.Name == "transforms" {
			return routers(v)
		}
		if v.Named {
			return elements(v)
		}
	}
	if looks := f.Change == "output" || f.Change == "format"; locked[f.Change] || output && looks && !f.Usual {
		return plain(f.Value)
	}
	return nil
}

// makesRecords says whether a field has what says what records look like.
func makesRecords(s *plan.Struct, f *plan.Field) bool {
	source := s.Type.Path == "kcgen.dev/runtime" && s.Type.Name == "Source"
	return strings.HasSuffix(f.Name, "Converter") || source && f.Name == "connector"
}

// elements are the connectors of a map of them; of other maps, whose elements
// have nothing that is locked, nil.
func elements(l *plan.List) plan.Node {
	out := &plan.List{Pos: l.Pos, Named: true}
	for _, e := range l.Elems {
		s, ok := e.(*plan.Struct)
		if !ok {
			return nil
		}
		in := structure(s, false)
		if len(in.Fields) < 2 {
			return nil
		}
		out.Elems = append(out.Elems, in)
	}
	if len(out.Elems) == 0 {
		return nil
	}
	return out
}

// routers are the steps of a chain that name topics, by their names: a step that
// comes before them changes no place in the lock.
func routers(l *plan.List) plan.Node {
	out := &plan.List{Pos: l.Pos, Named: true}
	named := map[string]int{}
	for _, e := range l.Elems {
		step, ok := e.(*plan.Struct)
		if !ok || step.Struct("do") == nil || !wiring.Routes(step.Struct("do")) {
			continue
		}
		do := step.Struct("do")
		name := cmp.Or(step.Text("name"), do.Type.Name)
		if named[name]++; named[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, named[name])
		}
		in := &plan.Struct{Pos: step.Pos, Fields: []plan.Field{keyOf(name), field("do", structure(do, false), "renamed", step.Pos)}}
		out.Elems = append(out.Elems, in)
	}
	return out // also where there is none, so that one that comes is told as such
}

func keyOf(name string) plan.Field {
	return plan.Field{Go: "Name", Value: &plan.Lit{Kind: plan.String, Str: name}}
}

// group puts a sink's consumer group into the lock, also where it is called
// after the sink: that it is named from now on changes nothing.
func group(root, sink, locked *plan.Struct) {
	name, at := wiring.Connector{Struct: sink, Sink: true}.Group(root)
	at = cmp.Or(at, sink.Pos)
	id := field("groupId", &plan.Lit{Pos: at, Kind: plan.String, Str: name}, "identity", at)
	locked.Fields = append(locked.Fields, field("consumer", &plan.Struct{Pos: at, Fields: []plan.Field{id}}, "restart", at))
	arrange(locked)
}

// short is a type as a spec of YAML names it: filestream.Source, and a third
// party's with its whole path.
func short(t plan.Type) plan.Type {
	if strings.HasPrefix(t.Path, "kcgen.dev/") {
		t.Path = path.Base(t.Path)
	}
	return plan.Type{Path: t.Path, Pkg: path.Base(t.Path), Name: t.Name}
}

// plain is a value in the kinds that the file knows: texts, numbers, booleans,
// lists and maps of them.
func plain(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.Lit:
		switch n.Kind {
		case plan.Int, plan.Float, plan.Bool:
			return &plan.Lit{Pos: n.Pos, Kind: n.Kind, Int: n.Int, Float: n.Float, Bool: n.Bool}
		case plan.Duration, plan.Bytes:
			return &plan.Lit{Pos: n.Pos, Kind: plan.String, Str: review.Words(n)}
		}
		return &plan.Lit{Pos: n.Pos, Kind: plan.String, Str: n.Str}
	case *plan.List:
		out := &plan.List{Pos: n.Pos}
		for _, e := range n.Elems {
			out.Elems = append(out.Elems, plain(e))
		}
		return out
	case *plan.Map:
		out := &plan.Map{Pos: n.Pos, Keys: n.Keys}
		for _, v := range n.Vals {
			out.Vals = append(out.Vals, plain(v))
		}
		return out
	}
	b, err := json.Marshal(plan.JSON(n))
	if err != nil {
		return nil
	}
	return &plan.Lit{Kind: plan.String, Str: string(b)}
}
