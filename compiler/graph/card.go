package graph

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"kcgen.dev/compiler/emit/safe"
	"kcgen.dev/compiler/plan"
)

// card draws a connector with its converters and steps, in the order of the
// data.
func (b *builder) card(p Pipeline, s *plan.Struct, kind Kind) *Node {
	n := b.add(fmt.Sprintf("%s %s %s", p.Plan.Spec, section(kind), s.Key()), kind, s.Key())
	about := []Row{{Text: component(s.Struct("connector")), Faint: true}}
	if b.many {
		about = append([]Row{{Text: "of " + p.Plan.Name, Faint: true, Tip: p.Plan.Spec}}, about...)
	}
	if t := s.Lit("tasksMax"); t != nil && t.Int > 1 {
		about = append(about, Row{Text: fmt.Sprintf("%d tasks", t.Int), Faint: true})
	}
	if e := s.Struct("exactlyOnce"); e != nil {
		about = append(about, Row{Text: "exactly once", Faint: true})
	}
	n.Tip = strings.Join(s.Doc, " ")
	converters := []Row{{Text: bytesOf(s), Tip: "the converters of key and value"}}
	steps := b.steps(s, flowOf(p.Flows, section(kind)+"."+s.Key(), ""))
	if kind == Source {
		n.Parts = parts(about, steps, converters)
	} else {
		n.Parts = parts(about, converters, steps)
	}
	return n
}

func section(kind Kind) string {
	if kind == Source {
		return "sources"
	}
	return "sinks"
}

// parts leaves out those without a row.
func parts(all ...[]Row) (out [][]Row) {
	for _, p := range all {
		if len(p) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// bytesOf says what keys and values are in Kafka.
func bytesOf(s *plan.Struct) string {
	name := func(field string) string {
		c := s.Struct(field)
		if c == nil {
			return "?"
		}
		if c.Type.Name == "Converter" { // of a package of its own
			return c.Type.Pkg
		}
		return c.Type.Name
	}
	return "key " + name("keyConverter") + ", value " + name("valueConverter")
}

// steps are the transforms, a row or two each; of many pipelines all on one.
func (b *builder) steps(s *plan.Struct, known *flow) []Row {
	all := s.Structs("transforms")
	if b.many && len(all) > 0 {
		var names []string
		for _, step := range all {
			names = append(names, stepName(step))
		}
		return []Row{{Text: strings.Join(names, " → ")}}
	}
	var rows []Row
	for i, step := range all {
		first := Row{Text: fmt.Sprintf("%d  %s", i+1, stepName(step)), Tip: known.behind(i)}
		rows = append(rows, first)
		if o := options(step.Struct("do")); o != "" {
			rows = append(rows, Row{Text: "    " + o, Faint: true})
		}
		for _, word := range []string{"when", "unless"} {
			if c := step.Struct(word); c != nil {
				rows = append(rows, Row{Text: strings.TrimRight("    "+word+" "+c.Type.Name+" "+options(c), " "), Faint: true})
			}
		}
	}
	return rows
}

// stepName is a step's own name, and its transform's.
func stepName(step *plan.Struct) string {
	do := step.Struct("do")
	if do == nil {
		return step.Text("name")
	}
	if name := step.Text("name"); name != "" {
		return name + ": " + do.Type.Name
	}
	return do.Type.Name
}

// options are what the spec says of a component, on one line.
func options(c *plan.Struct) string {
	var out []string
	if c == nil {
		return ""
	}
	for _, f := range c.Fields {
		if t := text(&f); f.Pos.IsValid() && t != "" {
			out = append(out, f.Name+" "+t)
		}
	}
	return strings.Join(out, ", ")
}

// component is a component as its package names it: filestream.Source.
func component(c *plan.Struct) string {
	if c == nil {
		return "?"
	}
	return c.Type.Pkg + "." + c.Type.Name
}

// system draws what a connector reads or writes: those of its options that the
// spec has and on which its positions, or its records, hang. Of many pipelines
// there are only the topics between.
func (b *builder) system(n *Node, s *plan.Struct) *Node {
	c := s.Struct("connector")
	if c == nil || b.many {
		return nil
	}
	title := path.Base(c.Type.Path)
	for _, f := range c.Fields {
		if d, ok := f.Value.(*plan.Struct); ok && d.Component {
			title = path.Base(d.Type.Path)
		}
	}
	sys := b.add("system "+n.ID, System, title)
	if rows := reached(c); len(rows) > 0 {
		sys.Parts = [][]Row{rows}
	}
	return sys
}

// reached are the options that say where a connector's records are.
func reached(c *plan.Struct) (rows []Row) {
	for _, f := range c.Fields {
		if d, ok := f.Value.(*plan.Struct); ok {
			rows = append(rows, reached(d)...)
			continue
		}
		t := text(&f)
		said := f.Pos.IsValid() || strings.Contains(t, "${topic}") // where the topic decides, also by default
		if says(&f) && said && t != "" {
			rows = append(rows, Row{Text: f.Name + " " + t, Faint: true})
		}
	}
	return rows
}

// says reports whether an option says where records are, outside of Kafka.
func says(f *plan.Field) bool {
	switch f.Change {
	case "identity", "includes", "excludes", "renamed":
		return !strings.HasPrefix(f.Name, "topic")
	}
	return false
}

// text is a field's value on one line; of what may be a secret, nothing.
func text(f *plan.Field) string {
	if f == nil {
		return ""
	}
	switch v := f.Value.(type) {
	case *plan.Lit:
		return scalar(v)
	case *plan.List:
		var all []string
		for _, e := range v.Elems {
			if l, ok := e.(*plan.Lit); ok {
				all = append(all, scalar(l))
			}
		}
		return strings.Join(all, ", ")
	case *plan.Map:
		var all []string
		for i, k := range v.Keys {
			if l, ok := v.Vals[i].(*plan.Lit); ok {
				all = append(all, k+": "+scalar(l))
			}
		}
		return strings.Join(all, ", ")
	}
	return ""
}

// login is what stands before the host of a URL.
var login = regexp.MustCompile(`://[^/@\s]+@`)

func scalar(l *plan.Lit) string {
	switch l.Kind {
	case plan.Secret:
		return ""
	case plan.Duration:
		if l.Int == plan.Forever {
			return "forever"
		}
		return time.Duration(l.Int).String()
	case plan.String, plan.File, plan.Data, plan.Schema:
		return login.ReplaceAllString(strings.Join(strings.Fields(safe.Text(strings.ReplaceAll(l.Str, "\n", " "))), " "), "://…@")
	}
	return fmt.Sprint(plan.JSON(l))
}
