package connectjson

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/plan"
)

// reader reads the properties of a connector, or of the worker.
type reader struct {
	l         *Language
	file      string
	connector string // empty: the worker
	props     map[string]Prop
	used      map[string]bool
	known     []string          // properties that definitions have
	report    Report            // as far as it has come
	aliases   map[string]string // config providers
	imports   map[string]bool   // packages that the spec needs
	variables map[string]string // by references to them
	names     map[string]string // of variables, with whose they are, in all specs
	missing   map[string]string // required fields' paths → properties
	partial   bool
	worker    *reader // of a connector; nil: not given
}

// place is where a definition's properties are: those of a component behind
// base ("transforms.a."), those of a part of it also behind rel ("errors.").
type place struct{ base, rel string }

// property is the whole name. A converter's option of keys is one of values
// behind value.converter; elsewhere a property that names its family is not
// named twice: errors. and errors.tolerance, schema.registry.ssl. and
// ssl.key.password.
func (p place) property(name string) string {
	if rest, ok := strings.CutPrefix(name, "key."); ok && p.base == "value.converter." && p.rel == "" {
		return p.base + "value." + rest
	}
	first, _, several := strings.Cut(name, ".")
	if p.rel == "" || !several {
		return p.base + p.rel + name
	}
	segs := strings.Split(strings.TrimSuffix(p.rel, "."), ".")
	switch {
	case segs[0] == first:
		return p.base + name
	case segs[len(segs)-1] == first:
		return p.base + strings.TrimSuffix(p.rel, first+".") + name
	}
	return p.base + p.rel + name
}

// in is the place of a part.
func (p place) in(f gotype.Field) place {
	begins, several := strings.CutSuffix(f.Names()[0], "*")
	if !several {
		return p
	}
	return place{p.base, strings.TrimPrefix(p.property(begins), p.base)}
}

// entry adds to the report.
func (r *reader) entry(property string, o Outcome, field, note string) *Entry {
	r.report = append(r.report, Entry{
		File: r.file, Line: r.props[property].Line, Connector: r.connector,
		Property: property, Outcome: o, Field: field, Note: note,
	})
	return &r.report[len(r.report)-1]
}

// fail says that a property cannot be mapped.
func (r *reader) fail(property, format string, args ...any) {
	r.entry(property, Failed, "", fmt.Sprintf(format, args...))
}

// take gives a property's text and marks it as used.
func (r *reader) take(property string) (string, bool) {
	r.known = append(r.known, property)
	p, ok := r.props[property]
	if ok {
		r.used[property] = true
	}
	return p.Text, ok
}

// def reads a definition's fields.
func (r *reader) def(d *gotype.Def, at place, path string) *tree {
	t := &tree{}
	r.instead(d, at)
	for _, f := range d.Fields {
		if !f.Aside && f.Name != "on" {
			r.field(t, f, at, path)
		}
	}
	r.fixed(d, at)
	return t
}

func (r *reader) field(t *tree, f gotype.Field, at place, path string) {
	here := joinPath(path, f.Name)
	switch f.Type.Form {
	case gotype.Struct:
		r.part(t, f, at, here)
	case gotype.Keyed:
		r.keyed(t, f, at, here)
	case gotype.Component:
		if f.Name == "connection" {
			r.connection(t, f, here)
		}
	case gotype.Map:
		if f.Name == "configs" {
			r.rest(t, f, at, here)
			return
		}
		r.plain(t, f, at, here)
	default:
		r.plain(t, f, at, here)
	}
}

// plain reads a scalar, a list or a map.
func (r *reader) plain(t *tree, f gotype.Field, at place, here string) {
	if f.Type.Form == gotype.List && f.Type.Elem.Form == gotype.Struct {
		r.hashes(t, f, here)
		return
	}
	if begins, several := family(f); several {
		r.family(t, f, at.property(begins), here)
		return
	}
	property, text, given := r.given(f, at)
	r.missing[here] = property
	if !given {
		_, applies := r.props[f.Where()]
		if theirs, differs := f.ConnectsDefault(); differs && (applies || f.Where() == "") {
			if v, err := value(f.Type, property, theirs, r.clean(property)); err == nil {
				t.add(f.Name, v, property).doc = "Kafka Connect's default."
				r.entry(property, Decided, here, "Kafka Connect's default, which is not kcgen's: "+v.words())
			}
		}
		return
	}
	t.given = true
	if f.Type.Form == gotype.Scalar && f.Type.Kind == plan.Secret {
		r.hide(t, f, property, text, here)
		return
	}
	if strings.TrimSpace(text) == "" && (f.Optional || f.Type.Form != gotype.Scalar && !f.Required) {
		r.entry(property, Default, "", "empty")
		return
	}
	before := len(r.variables)
	v, err := fieldValue(f, property, text, r.clean(property))
	if err != nil {
		r.fail(property, "%s%s", quoted(property, text), err)
		return
	}
	if ours := f.PropertyDefault(); f.Default.Exists() {
		if d, err := fieldValue(f, property, ours, r.clean(property)); err == nil && d.words() == v.words() {
			r.entry(property, Default, "", v.words())
			return
		}
	}
	t.add(f.Name, v, property)
	e := r.entry(property, Mapped, here, "")
	if len(r.variables) > before {
		e.Outcome, e.Variable = Secret, r.newest(v.words())
	}
}

// quoted shows what a property holds, where that may be shown.
func quoted(property, text string) string {
	if sensitive(property) || login.MatchString(text) {
		return ""
	}
	return fmt.Sprintf("%q ", clip(text))
}

// words is a value as it would be on one line.
func (t *tree) words() string {
	s, _ := t.line()
	return s
}

// newest is the variable that a value refers to.
func (r *reader) newest(words string) string {
	for ref, name := range r.variables {
		if strings.Contains(words, ref) {
			return name
		}
	}
	return ""
}

// given finds a field's property, by any of its names.
func (r *reader) given(f gotype.Field, at place) (property, text string, given bool) {
	for _, name := range f.Names() {
		p := at.property(name)
		if property == "" {
			property = p
		}
		v, ok := r.take(p)
		switch {
		case ok && !given:
			property, text, given = p, v, true
		case ok && v != text:
			r.fail(p, "says something else than %s, which is the same", property)
		case ok:
			r.entry(p, Needless, "", "the same as "+property)
		}
	}
	return property, text, given
}

// hide puts a reference in the place of a secret.
func (r *reader) hide(t *tree, f gotype.Field, property, text, here string) {
	if text == "" {
		r.entry(property, Default, "", "empty")
		return
	}
	ref, variable, note := r.secret(property, text)
	t.add(f.Name, quote(ref), property)
	e := r.entry(property, Mapped, here, note)
	if variable != "" {
		e.Outcome, e.Variable = Secret, variable
	}
}

// part reads a struct in a field. An optional one is there where a property
// says something of it; without what it needs it is not, and what is said of
// it changes nothing.
func (r *reader) part(t *tree, f gotype.Field, at place, here string) {
	if f.Name == "tls" && at.rel != "" {
		return // read with the login
	}
	if f.Name == "tls" { // of a Schema Registry; its connection's is read with it
		if sub := r.tls(at.base+at.in(f).rel, here); len(sub.fields) > 0 {
			t.add(f.Name, sub, "")
		}
		return
	}
	d, bad := r.l.table.Elem(f.Type)
	if len(bad) > 0 || f.Name == "sasl" || f.Name == "takeover" || f.Name == "rest" || f.Name == "restart" || f.Name == "exactlyOnce" {
		return // read for themselves
	}
	if d.Role == "database" {
		r.host(t, f, d, here)
		return
	}
	before := len(r.report)
	sub := r.def(d, at.in(f), here)
	if isClient(f.Name) {
		r.ownLogin(sub, f.Name, loginAt{at.in(f).property(""), here})
		sub.order(d)
	}
	if !f.Optional && len(sub.fields) > 0 {
		t.add(f.Name, sub, "").part = true
		t.given = t.given || sub.given
		return
	}
	if !sub.given {
		r.forget(before) // defaults that nobody needs
		return
	}
	for _, need := range d.Fields {
		if need.Required && sub.field(need.Name) == nil && need.Type.Form == gotype.Scalar {
			r.idle(before, fmt.Sprintf("changes nothing without %s", at.in(f).property(need.Names()[0])))
			return
		}
	}
	if len(sub.fields) > 0 || !isClient(f.Name) {
		t.add(f.Name, sub, "")
	}
	t.given = true
}

// isClient says whether a field holds the settings of Kafka's clients, which may
// log in for themselves.
func isClient(name string) bool {
	return name == "producer" || name == "consumer" || name == "admin"
}

// idle makes what was read since then needless.
func (r *reader) idle(since int, why string) {
	for i := since; i < len(r.report); i++ {
		if e := &r.report[i]; e.Outcome != Failed {
			e.Outcome, e.Field, e.Variable, e.Note = Needless, "", "", why
		}
	}
	r.forget(since)
}

// forget takes back what was said since then of properties that nobody gave.
func (r *reader) forget(since int) {
	said := slices.DeleteFunc(slices.Clone(r.report[since:]), func(e Entry) bool {
		_, given := r.props[e.Property]
		return !given && e.Outcome != Failed
	})
	r.report = append(r.report[:since], said...)
}

// keyed reads a map of structs: topic.creation.groups names them.
func (r *reader) keyed(t *tree, f gotype.Field, at place, here string) {
	head, tail, grouped := strings.Cut(strings.TrimSuffix(f.Property(), "*"), "<group>")
	if !grouped {
		return
	}
	list, given := r.take(head + "groups")
	d, bad := r.l.table.Elem(f.Type.Elem)
	if !given || len(bad) > 0 {
		return
	}
	out := &tree{}
	for _, name := range splitList(list) {
		sub := r.def(d, place{rel: head + name + tail}, joinPath(here, name))
		sub.wide = true
		out.add(name, sub, "")
	}
	if len(out.fields) > 0 {
		t.add(f.Name, out, "")
		t.given = true
		r.entry(head+"groups", Mapped, here, "")
	} else {
		r.entry(head+"groups", Default, "", "empty")
	}
}

// rest reads all other properties of a part under their own names: the
// settings of topics.
func (r *reader) rest(t *tree, f gotype.Field, at place, here string) {
	begins := at.property("")
	out := &tree{}
	for _, property := range slices.Sorted(maps.Keys(r.props)) {
		name, ok := strings.CutPrefix(property, begins)
		if !ok || r.used[property] {
			continue
		}
		text, _ := r.take(property)
		v, err := value(f.Type.Elem, property, text, r.clean(property))
		if err != nil {
			r.fail(property, "%s", err)
			continue
		}
		out.add(name, v, property)
		r.entry(property, Mapped, joinPath(here, name), "")
	}
	if len(out.fields) > 0 {
		t.add(f.Name, out, "")
		t.given = true
	}
}

// fixed looks at the properties that a definition has no field for.
func (r *reader) fixed(d *gotype.Def, at place) {
	for _, f := range d.Fixed() {
		name, several := strings.CutSuffix(f.Property, "*")
		property := at.property(name)
		if !several {
			read := r.used[property]
			if text, given := r.take(property); given && !read {
				r.fix(property, text, f)
			}
			continue
		}
		for p := range r.props {
			if strings.HasPrefix(p, property) && !r.used[p] {
				r.used[p] = true
				r.fix(p, "", f)
			}
		}
	}
}

func (r *reader) fix(property, text string, f gotype.Fixed) {
	switch {
	case isOne(f, text):
		r.entry(property, Default, "", strings.TrimSpace(text))
	case f.Refused != "":
		r.fail(property, "%s", f.Refused)
	case f.Decided != "":
		r.entry(property, Decided, "", f.Decided)
	case f.Is == "":
		r.entry(property, Needless, "", f.Why)
	default:
		r.fail(property, "%skcgen always does as with %s", quoted(property, text), strings.ReplaceAll(f.Is, "|", " or "))
	}
}

// isOne says whether a text means what is done anyway.
func isOne(f gotype.Fixed, text string) bool {
	return f.Is != "" && slices.Contains(strings.Split(f.Is, "|"), strings.TrimSpace(text))
}

// instead gives the properties that say what others do, which no field stands for.
func (r *reader) instead(d *gotype.Def, at place) {
	for _, f := range d.Fixed() {
		property := at.property(f.Property)
		p, given := r.props[property]
		name, value, has := strings.Cut(f.Instead, "=")
		if !given || !has || isOne(f, p.Text) {
			continue
		}
		name = at.property(name)
		if _, other := r.props[name]; other {
			r.entry(property, Needless, "", name+" goes before it")
		} else {
			r.entry(property, Needless, "", "the same as "+name+"="+value)
			r.props[name] = Prop{Text: value, Line: p.Line}
		}
		r.used[property] = true
	}
}
