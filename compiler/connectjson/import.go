package connectjson

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/gotype"
)

// Options say how to import.
type Options struct {
	Name    string // of the pipeline; by default the connector's, or the file's
	Each    bool   // a spec for each connector
	Partial bool   // write what can be mapped, whatever cannot

	// Takeover makes the worker's group one whose connectors the pipeline
	// continues, instead of its own.
	Takeover bool

	// Check evaluates a spec as kcgen vet does.
	Check func(ctx context.Context, spec []byte) (diag.List, error)

	names map[string]string // variables that secrets have become
}

// Import makes specs of what was read. The report says of each property what
// became of it; where it has failures and Partial is not asked for there are no
// specs.
func (l *Language) Import(ctx context.Context, in *Input, o Options) ([]*Spec, Report, error) {
	groups := [][]Connector{in.Connectors}
	if o.Each {
		groups = nil
		for _, c := range in.Connectors {
			groups = append(groups, []Connector{c})
		}
	}
	o.names = map[string]string{}
	var specs []*Spec
	var report Report
	for _, group := range groups {
		spec, readers, err := l.spec(in, group, o)
		if err != nil {
			return nil, nil, err
		}
		more, err := spec.settle(ctx, o)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range readers {
			report = append(report, r.report...)
		}
		report = append(report, news(report, more)...)
		specs = append(specs, spec)
	}
	order := []string{""}
	for _, c := range in.Connectors {
		order = append(order, c.Name)
	}
	report = once(report.sorted(order))
	if len(report.Failed()) > 0 && !o.Partial {
		return nil, report, nil
	}
	return specs, report, nil
}

// reader begins to read properties.
func (l *Language) reader(file, connector string, props map[string]Prop, in *Input, s *Spec, o Options) *reader {
	return &reader{
		l: l, file: file, connector: connector, props: props, used: map[string]bool{}, aliases: aliases(in.Worker),
		imports: s.imports, variables: map[string]string{}, names: o.names, missing: map[string]string{}, partial: o.Partial,
	}
}

// spec makes the spec of connectors.
func (l *Language) spec(in *Input, group []Connector, o Options) (*Spec, []*reader, error) {
	s := &Spec{root: &tree{wide: true}, imports: map[string]bool{}, path: map[string]source{}}
	s.Name = pipelineName(in, group, o)
	var kafkaDef, workerDef *gotype.Def
	for name, d := range map[string]**gotype.Def{"Kafka": &kafkaDef, "Worker": &workerDef} {
		var bad diag.List
		if *d, bad = l.schema(name); len(bad) > 0 {
			return nil, nil, bad
		}
	}
	var w *reader
	if in.Worker != nil {
		w = l.reader(in.Worker.File, "", in.Worker.Props, in, s, o)
	}
	kinds := map[string]*tree{"sources": {}, "sinks": {}}
	var readers []*reader
	var lost []string
	for _, c := range group {
		r := l.reader(c.File, c.Name, c.Props, in, s, o)
		kind, t := r.readConnector(c, w)
		if t == nil {
			lost = append(lost, c.Name)
		} else {
			leaf := kinds[kind].add(c.Name, t, "connector.class")
			if o.Partial {
				leaf.doc = notMapped(r.report)
			}
			s.remember(r, joinPath(kind, c.Name), t)
		}
		readers = append(readers, r)
	}
	kafka, worker := &tree{}, &tree{}
	kafka.add("brokers", texts([]string{"${env:KAFKA_BROKERS}"}), "")
	if w != nil {
		kafka, worker = w.readWorker(kafkaDef, workerDef)
		switch {
		case o.Takeover:
			w.takeover(worker)
		case o.Each && len(in.Connectors) > 1:
			w.ownGroup(worker, s.Name)
		}
		s.remember(w, "kafka", kafka)
		readers = append([]*reader{w}, readers...)
	}
	s.hoist(readers, worker, workerDef)
	if w != nil {
		s.remember(w, "worker", worker)
		w.leftovers()
	}
	s.doc = "Imported from " + strings.Join(filesOf(in, group), ", ") + "."
	if len(lost) > 0 {
		s.doc += "\nNot mapped: " + strings.Join(strings.Fields(strings.Join(lost, ", ")), " ") + "."
	}
	s.root.add("name", quote(s.Name), "")
	k := s.root.add("kafka", kafka, "")
	if w == nil {
		k.doc = "No worker was given: the brokers are read when the binary starts."
	}
	if len(worker.fields) > 0 {
		s.root.add("worker", worker, "")
	}
	for _, kind := range []string{"sources", "sinks"} {
		if len(kinds[kind].fields) > 0 {
			s.root.add(kind, kinds[kind], "")
		}
	}
	return s, readers, s.render()
}

// remember notes where the fields of a part of the spec came from.
func (s *Spec) remember(r *reader, at string, t *tree) {
	s.path[at] = source{r, "name"}
	t.walk(at, func(path string, l *leaf) { s.path[path] = source{r, l.prop} })
	for path, property := range r.missing {
		if _, known := s.path[path]; !known {
			s.path[path] = source{r, property}
		}
	}
}

// notMapped is a comment of what is missing.
func notMapped(r Report) string {
	var names []string
	for _, e := range r.Failed() {
		if !slices.Contains(names, e.Property) {
			names = append(names, e.Property)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "Not mapped: " + strings.Join(strings.Fields(strings.Join(names, ", ")), " ") + "."
}

// pipelineName is asked for, or the only connector's, or the first file's.
func pipelineName(in *Input, group []Connector, o Options) string {
	switch {
	case o.Name != "" && !o.Each:
		return o.Name
	case len(group) == 1:
		return group[0].Name
	}
	files := filesOf(in, group)
	if len(files) == 0 {
		return "pipeline"
	}
	return strings.TrimSuffix(path.Base(files[0]), path.Ext(files[0]))
}

// filesOf are the files that connectors and the worker were read from.
func filesOf(in *Input, group []Connector) []string {
	seen := map[string]bool{}
	var out []string
	for _, c := range group {
		if !seen[c.File] {
			seen[c.File] = true
			out = append(out, path.Base(c.File))
		}
	}
	if in.Worker != nil && !seen[in.Worker.File] {
		out = append(out, path.Base(in.Worker.File))
	}
	return out
}

// Variables are the environment variables that a report asks for.
func (r Report) Variables() []string {
	names := map[string]bool{}
	for _, e := range r {
		if e.Variable != "" {
			names[e.Variable] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
