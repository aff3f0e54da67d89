package connectjson

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/reference"
)

// readConnector reads a connector: its kind ("sources" or "sinks") and what the
// spec says of it; nil where nobody knows its class.
func (r *reader) readConnector(c Connector, w *reader) (kind string, t *tree) {
	r.props, r.worker = maps.Clone(r.props), w
	class, given := r.take("connector.class")
	if !given {
		r.fail("connector.class", "is missing")
		return "", nil
	}
	for _, role := range []string{"source", "sink"} {
		if comp, _ := r.l.component(role, class); comp != nil {
			def, bad := r.l.schema(strings.ToUpper(role[:1]) + role[1:])
			if len(bad) > 0 {
				r.fail("connector.class", "%s", bad)
				return "", nil
			}
			kind = role + "s"
			path := joinPath(kind, c.Name)
			r.entry("connector.class", Mapped, joinPath(path, "connector"), comp.CUE())
			if role == "source" && class != comp.Use() && class != comp.Full() {
				r.noQueue()
			}
			return kind, r.connectorFields(c, def, comp, path, w)
		}
	}
	r.fail("connector.class", "kcgen has no %s%s", clip(class), r.l.nearest("source", class)+r.l.nearest("sink", class))
	for p := range r.props {
		r.used[p] = true // one line is enough
	}
	return "", nil
}

// noQueue leaves out a source's dead letter queue, which Kafka Connect lacks:
// what is said of it is read by nobody there.
func (r *reader) noQueue() {
	for _, p := range slices.Sorted(maps.Keys(r.props)) {
		if strings.HasPrefix(p, "errors.deadletterqueue.") {
			r.entry(p, Needless, "", "Kafka Connect has no dead letter queue for sources; here errors.deadLetterQueue is one")
			delete(r.props, p)
		}
	}
}

func (r *reader) connectorFields(c Connector, def *gotype.Def, comp *reference.Def, path string, w *reader) *tree {
	t := &tree{wide: true}
	if _, given := r.take("name"); given {
		r.entry("name", Mapped, path, "")
	}
	for _, f := range def.Fields {
		switch {
		case f.Aside:
		case f.Name == "connector":
			t.add(f.Name, r.component(comp, place{}, joinPath(path, f.Name)), "connector.class")
		case f.Type.Form == gotype.Component:
			r.converter(t, f, joinPath(path, f.Name), w)
		case f.Name == "transforms":
			r.steps(t, joinPath(path, f.Name))
		case f.Name == "exactlyOnce":
			r.exactlyOnce(t, f, joinPath(path, f.Name), w)
		default:
			r.field(t, f, place{}, path)
		}
	}
	r.fixed(def, place{})
	if c.State != "" && c.State != "RUNNING" {
		r.entry("state", Failed, "", fmt.Sprintf("it is %s there and would run here: pause or stop it by REST", clip(c.State))).Line = c.Line
	}
	r.leftovers()
	return t
}

// component reads a component's properties.
func (r *reader) component(comp *reference.Def, at place, path string) *tree {
	d, bad := r.l.def(comp.Package.Path, comp.Name)
	if len(bad) > 0 {
		r.fail(at.property("type"), "%s", bad)
		return &tree{of: comp.CUE()}
	}
	t := r.def(d, at, path)
	t.of = comp.CUE()
	r.imports[comp.Package.Path] = true
	return t
}

// simpleHeader is the converter of headers where none is named.
const simpleHeader = "kcgen.dev/runtime/convert.SimpleHeader"

// converter reads a converter of the connector, or else of the worker.
func (r *reader) converter(t *tree, f gotype.Field, path string, w *reader) {
	property := f.Property()
	class, given := r.take(property)
	r.missing[path] = property
	from := r
	if !given && w != nil {
		if class, given = w.take(property); given {
			from = w
		}
	}
	if !given {
		if f.Required {
			r.noConverter(t, f, property, path)
		}
		return
	}
	comp, _ := r.l.component("converter", class)
	if comp == nil {
		from.fail(property, "kcgen has no converter %s%s", clip(class), r.l.nearest("converter", class))
		return
	}
	if comp.Full() == simpleHeader && !f.Required {
		from.entry(property, Default, "", comp.CUE())
		return
	}
	before := len(from.report)
	conv := from.component(comp, place{base: property + "."}, path)
	if from != r { // told of each connector that leaves it to the worker
		for p, name := range from.variables {
			r.variables[p] = name
		}
	}
	from.report = slices.Insert(from.report, before, Entry{File: from.file, Line: from.props[property].Line,
		Connector: from.connector, Property: property, Outcome: Mapped, Field: path, Note: comp.CUE()})
	t.add(f.Name, conv, property)
}

// noConverter is where nobody says which converter it is.
func (r *reader) noConverter(t *tree, f gotype.Field, property, path string) {
	r.fail(property, "the connector leaves it to its worker: give the worker's properties too, as a further file")
	if comp := r.l.classes["converter"]["convert.JSON"]; comp != nil && r.partial {
		r.imports[comp.Package.Path] = true
		t.add(f.Name, &tree{of: comp.CUE()}, property).doc = "The worker's, which was not given: JSON is a guess."
	}
}

// exactlyOnce is asked for by the connector, or by the worker of all sources.
func (r *reader) exactlyOnce(t *tree, f gotype.Field, path string, w *reader) {
	before := len(r.report)
	d, bad := r.l.table.Elem(f.Type)
	if len(bad) > 0 {
		return
	}
	sub := r.def(d, place{}, path)
	text, given := r.take("exactly.once.support")
	all := false
	if w != nil {
		support := w.props["exactly.once.source.support"].Text
		all = strings.EqualFold(support, "enabled")
	}
	switch {
	case !all && !strings.EqualFold(text, "required"):
		r.idle(before, "changes nothing without exactly.once.support")
		if given {
			r.entry("exactly.once.support", Default, "", text)
		}
		return
	case given && strings.EqualFold(text, "requested"):
		r.entry("exactly.once.support", Default, "", text)
	case given:
		r.entry("exactly.once.support", Mapped, path, "")
	}
	t.add(f.Name, sub, "exactly.once.support")
}

// leftovers are the properties that nothing has asked for.
func (r *reader) leftovers() {
	for _, p := range slices.Sorted(maps.Keys(r.props)) {
		if !r.used[p] {
			r.leftover(p)
		}
	}
}

func (r *reader) leftover(p string) {
	segs := strings.Split(p, ".")
	switch {
	case p == restartProperty:
		// read with the worker
	case segs[0] == "quarkus":
		r.entry(p, Needless, "", "it is of Debezium Server's own machinery")
	case strings.HasPrefix(p, "debezium.sink."):
		r.entry(p, Needless, "", "the converters make bytes, for Kafka")
	case strings.HasPrefix(p, "spec.") && strings.Contains(aside, " "+segs[1]+" "):
		r.entry(p, Needless, "", "it is of how Kubernetes runs it")
	case strings.HasPrefix(p, "spec."):
		r.fail(p, "import does not know it: give it by hand")
	case strings.HasSuffix(p, ".plugin.version"):
		r.entry(p, Needless, "", "components are linked into the program: go.mod has their versions")
	case len(segs) > 2 && segs[0] == "transforms":
		r.unlisted(p, "transforms", segs[1])
	case len(segs) > 2 && segs[0] == "predicates":
		r.unlisted(p, "predicates", segs[1])
	case len(segs) > 2 && segs[1] == "converter" && r.anyConverter(segs[0]+".converter.", p):
		r.entry(p, Needless, "", "the converter has no such property")
	case strings.HasPrefix(p, "producer.override.") || strings.HasPrefix(p, "consumer.override.") || strings.HasPrefix(p, "admin.override."):
		r.fail(p, "kcgen does not set this for one connector%s", diag.DidYouMean(p, r.known))
	default:
		r.fail(p, "kcgen has no such property%s", diag.DidYouMean(p, r.known))
	}
}

// unlisted is a property of a transform or predicate that no list names, or
// that its class does not have.
func (r *reader) unlisted(p, list, alias string) {
	if slices.Contains(splitList(r.props[list].Text), alias) && r.used[list+"."+alias+".type"] {
		r.fail(p, "kcgen has no such property%s", diag.DidYouMean(p, r.known))
		return
	}
	r.entry(p, Needless, "", fmt.Sprintf("nothing refers to %s.%s", list, alias))
}

// anyConverter says whether some converter has the property; this one has not.
func (r *reader) anyConverter(base, p string) bool {
	known := r.l.converters[base]
	if known == nil {
		known = map[string]bool{}
		for _, comp := range r.l.lib.Components("converter") {
			if d, bad := r.l.def(comp.Package.Path, comp.Name); len(bad) == 0 {
				for _, name := range r.l.properties(d, place{base: base}) {
					known[name] = true
				}
			}
		}
		r.l.converters[base] = known
	}
	return known[p]
}

// properties are all that a definition has, those of its parts included.
func (l *Language) properties(d *gotype.Def, at place) []string {
	var out []string
	for _, f := range d.Fields {
		if f.Type.Form == gotype.Struct {
			if part, bad := l.table.Elem(f.Type); len(bad) == 0 {
				out = append(out, l.properties(part, at.in(f))...)
			}
			continue
		}
		for _, name := range f.Names() {
			out = append(out, at.property(name))
		}
	}
	for _, f := range d.Fixed() {
		out = append(out, at.property(f.Property))
	}
	return out
}
