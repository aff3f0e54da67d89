package connectjson

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/plan"
)

// Exported is a connector as Kafka Connect takes it.
type Exported struct {
	Name   string            `json:"name"`
	Config map[string]string `json:"config"`
}

// Export says a plan in Kafka Connect's properties: its connectors, and what
// its worker is told. The report says what Kafka Connect does not have; what
// changes what a connector does is Failed.
func (l *Language) Export(p *plan.Pipeline) (connectors []Exported, worker map[string]string, report Report, err error) {
	for _, kind := range []struct{ list, def string }{{"sources", "Source"}, {"sinks", "Sink"}} {
		d, bad := l.schema(kind.def)
		if len(bad) > 0 {
			return nil, nil, nil, bad
		}
		for _, s := range p.Root.Structs(kind.list) {
			w := &writer{l: l, connector: s.Key(), config: map[string]string{}, file: p.Spec, source: kind.list == "sources", kafka: p.Root.Struct("kafka")}
			w.structure(s, d, place{}, joinPath(kind.list, s.Key()))
			w.config["name"] = s.Key()
			connectors = append(connectors, Exported{s.Key(), w.config})
			report = append(report, w.report...)
		}
	}
	w := &writer{l: l, config: map[string]string{}, file: p.Spec, kafka: p.Root.Struct("kafka")}
	if bad := w.worker(p.Root); len(bad) > 0 {
		return nil, nil, nil, bad
	}
	report = append(report, w.report...)
	for _, name := range []string{"tests", "topics"} {
		if f := p.Root.Get(name); f != nil {
			report = append(report, Entry{File: f.Pos.File, Line: f.Pos.Line, Property: name, Outcome: Needless, Field: name, Note: "it is of kcgen's build alone"})
		}
	}
	if note := references(connectors, w.config); note != "" {
		report = append(report, Entry{File: p.Spec, Property: "config.providers", Outcome: Decided, Note: note})
	}
	return connectors, w.config, report, nil
}

// references makes the worker know the config providers that properties refer
// to.
func references(connectors []Exported, worker map[string]string) string {
	used := map[string]bool{}
	configs := []map[string]string{worker}
	for _, c := range connectors {
		configs = append(configs, c.Config)
	}
	for _, config := range configs {
		for _, text := range config {
			for _, m := range referenceForm.FindAllStringSubmatch(text, -1) {
				used[m[1]] = true
			}
		}
	}
	var kinds []string
	for class, kind := range providers {
		if used[kind] && strings.HasPrefix(class, "org.apache.") {
			kinds = append(kinds, kind)
			worker["config.providers."+kind+".class"] = class
		}
	}
	if len(kinds) == 0 {
		return ""
	}
	slices.Sort(kinds)
	worker["config.providers"] = strings.Join(kinds, ",")
	return "the worker needs config.providers=" + worker["config.providers"] + ", and what the references name"
}

// writer collects properties.
type writer struct {
	l         *Language
	connector string
	source    bool
	config    map[string]string
	report    Report
	file      string
	kafka     *plan.Struct // the cluster
}

// say reports on a field.
func (w *writer) say(f *plan.Field, path string, o Outcome, note string) {
	w.report = append(w.report, Entry{
		File: cmp.Or(f.Pos.File, w.file), Line: f.Pos.Line, Connector: w.connector, Property: path, Outcome: o, Note: note,
	})
}

// none is a field for which Kafka Connect has nothing.
func (w *writer) none(f *plan.Field, path string) {
	if w.connector == "" {
		w.say(f, path, Needless, "Kafka Connect's workers have no such setting")
		return
	}
	w.say(f, path, Failed, "Kafka Connect has no such property")
}

func (w *writer) structure(s *plan.Struct, d *gotype.Def, at place, path string) {
	for _, f := range d.Fields {
		pf := s.Get(f.Name)
		if pf == nil || f.Name == "on" && d.Role == "transform" {
			continue
		}
		here := joinPath(path, f.Name)
		switch {
		case f.Aside:
			w.say(pf, here, Needless, "it is of kcgen's build alone")
		case f.Name == "transforms":
			w.steps(s.Structs("transforms"), here)
		case f.Type.Form == gotype.Component:
			w.component(pf, f, at, here)
		case f.Type.Form == gotype.Struct:
			w.part(pf, f, at, here)
		case f.Type.Form == gotype.Keyed:
			w.groups(pf, f, here)
		default:
			w.plain(pf, f, at, here)
		}
	}
}

// plain writes a scalar, a list or a map, unless it is what Kafka Connect does
// anyway.
func (w *writer) plain(pf *plan.Field, f gotype.Field, at place, path string) {
	property := at.property(f.Names()[0])
	if m, ok := pf.Value.(*plan.Map); ok && f.Name == "configs" {
		for i, k := range m.Keys {
			w.config[at.property("")+k] = m.Vals[i].(*plan.Lit).Str
		}
		return
	}
	if begins, several := family(f); several {
		w.family(pf, f, begins, path)
		return
	}
	text, err := w.list(pf.Value, f, property)
	theirs, differs := f.ConnectsDefault()
	switch {
	case !pf.Pos.IsValid() && (!differs || text == theirs), pf.Value == nil:
		return
	case !f.InConnect() && !differs:
		if text != f.PropertyDefault() || !f.Default.Exists() {
			w.none(pf, path)
		}
		return
	case err != nil:
		w.say(pf, path, Failed, err.Error())
		return
	}
	w.config[property] = f.Prefix() + text
	if name, value, ok := strings.Cut(f.With(), "="); ok {
		w.config[at.property(name)] = value
	}
}

// part writes a struct.
func (w *writer) part(pf *plan.Field, f gotype.Field, at place, path string) {
	s, ok := pf.Value.(*plan.Struct)
	d, bad := w.l.table.Elem(f.Type)
	if !ok || len(bad) > 0 {
		return
	}
	switch {
	case d.Role == "database":
		w.host(pf, f, s, d, path)
		return
	case f.Name == "deadLetterQueue" && w.source:
		w.say(pf, path, Failed, "Kafka Connect has no dead letter queue for sources")
		return
	case f.Name == "exactlyOnce":
		w.config["exactly.once.support"] = "required"
	case f.Name == "topicCreation":
		w.topicCreation(s)
	case f.Name == "tls" && at.rel != "", f.Name == "sasl":
		return // written with the login
	case f.Name == "tls": // of a Schema Registry
		w.stores(s, at.base+at.in(f).rel, path)
		return
	}
	w.structure(s, d, at.in(f), path)
	if isClient(f.Name) {
		w.ownLogin(s, loginAt{at.in(f).property(""), path})
	}
}

// topicCreation has two properties that Kafka Connect always wants.
func (w *writer) topicCreation(s *plan.Struct) {
	for _, name := range []string{"replicationFactor", "partitions"} {
		if lit := s.Struct("default").Lit(name); lit != nil {
			p := map[string]string{"replicationFactor": "replication.factor", "partitions": "partitions"}[name]
			w.config["topic.creation.default."+p] = strconv.FormatInt(lit.Int, 10)
		}
	}
}

// groups writes a map of structs.
func (w *writer) groups(pf *plan.Field, f gotype.Field, path string) {
	head, tail, grouped := strings.Cut(strings.TrimSuffix(f.Property(), "*"), "<group>")
	list, ok := pf.Value.(*plan.List)
	d, bad := w.l.table.Elem(f.Type.Elem)
	if !grouped || !ok || len(bad) > 0 || len(list.Elems) == 0 {
		return
	}
	var names []string
	for _, e := range list.Elems {
		if s, ok := e.(*plan.Struct); ok {
			names = append(names, s.Key())
			w.structure(s, d, place{rel: head + s.Key() + tail}, joinPath(path, s.Key()))
		}
	}
	w.config[head+"groups"] = strings.Join(names, ",")
}

// Properties writes properties in the order of their names, the class first.
func Properties(config map[string]string) []byte {
	var b strings.Builder
	first := []string{"name", "connector.class", "bootstrap.servers"}
	for _, p := range first {
		if text, ok := config[p]; ok {
			writeProperty(&b, p, text)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(config)) {
		if !slices.Contains(first, p) {
			writeProperty(&b, p, config[p])
		}
	}
	return []byte(b.String())
}
