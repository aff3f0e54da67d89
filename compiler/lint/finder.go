package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
)

// finder looks at one plan, or at several that are given together.
type finder struct {
	plans    []*plan.Pipeline
	parts    []part
	accepted []*acceptance

	id    string // of the lint that is being looked for
	found diag.List
}

// part is a connector with the pipeline that it is of.
type part struct {
	wiring.Connector
	plan    *plan.Pipeline
	cluster string         // the brokers
	pattern *regexp.Regexp // of a sink that reads by one
	topic   string         // of a source that fills one
	prefix  string         // of the topics of a source that fills several
}

func newFinder(plans []*plan.Pipeline) *finder {
	f := &finder{plans: plans}
	for _, p := range plans {
		f.accepted = append(f.accepted, acceptances(p)...)
		for _, c := range wiring.Connectors(p.Root) {
			f.parts = append(f.parts, part{c, p, cluster(p), pattern(c), c.Topic(), c.Prefix()})
		}
	}
	return f
}

// cluster is what two pipelines of one Kafka have in common.
func cluster(p *plan.Pipeline) string {
	var all []string
	for _, e := range p.Root.Struct("kafka").List("brokers") {
		if l, ok := e.(*plan.Lit); ok {
			all = append(all, strings.Split(l.Str, ",")...)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}

// pattern is what a sink reads by; nil where it names its topics.
func pattern(c wiring.Connector) *regexp.Regexp {
	text := c.Text("topicsRegex")
	if text == "" || wiring.HasRef(text) {
		return nil
	}
	re, err := regexp.Compile(`^(?:` + text + `)$`)
	if err != nil {
		return nil // package check tells it
	}
	return re
}

// writes says whether a source fills a topic, as far as that is known.
func (p part) writes(topic string) bool {
	return p.topic == topic || p.prefix != "" && len(topic) > len(p.prefix) && strings.HasPrefix(topic, p.prefix)
}

// options are those of the connector itself.
func (p part) options() *plan.Struct { return p.Struct.Struct("connector") }

func (f *finder) run(r rule) {
	if r.find != nil {
		f.id = r.id
		r.find(f)
	}
}

// across says whether several specs are held against each other.
func (f *finder) across() bool { return len(f.plans) > 1 }

// meet says whether two connectors are to be held against each other: those of
// one pipeline are told when it is looked at alone.
func (f *finder) meet(a, b part) bool { return !f.across() || a.plan != b.plan }

// name is a connector in words: with its spec, where there are several.
func (f *finder) name(p part) string {
	if f.across() {
		return p.Path + " in " + p.plan.Spec
	}
	return p.Path
}

// warn tells a finding in a pipeline, at the first of the places that the user
// wrote, unless one of the pipelines that it is of accepts it.
func (f *finder) warn(p *plan.Pipeline, path, msg string, at ...plan.Pos) {
	if f.accepts(p, path) {
		return
	}
	d := diag.Diag{Path: path, Msg: msg, ID: f.id, Warning: true, File: p.Spec}
	if pos := plan.First(append(at, p.Root.Pos)...); pos.IsValid() {
		d.File, d.Line, d.Col = pos.File, pos.Line, pos.Column
	}
	f.found = append(f.found, d)
}

// against tells a finding of a connector that has to do with another, which may
// accept it as well.
func (f *finder) against(p, other part, path, msg string, at ...plan.Pos) {
	if !f.accepts(other.plan, other.Path) {
		f.warn(p.plan, path, msg, append(at, p.Pos)...)
	}
}

func (f *finder) list() diag.List { return f.found.Sorted() }

// structs calls do with each struct of the plans, and its path.
func (f *finder) structs(do func(p *plan.Pipeline, path string, s *plan.Struct)) {
	for _, p := range f.plans {
		walk("", p.Root, func(path string, s *plan.Struct) { do(p, path, s) })
	}
}

func walk(path string, n plan.Node, do func(path string, s *plan.Struct)) {
	switch n := n.(type) {
	case *plan.Struct:
		do(path, n)
		for _, fd := range n.Fields {
			walk(strings.TrimPrefix(path+"."+fd.Name, "."), fd.Value, do)
		}
	case *plan.List:
		for i, e := range n.Elems {
			at := fmt.Sprintf("%s[%d]", path, i)
			if s, ok := e.(*plan.Struct); ok && n.Named {
				at = path + "." + diag.Label(s.Key())
			}
			walk(at, e, do)
		}
	}
}
