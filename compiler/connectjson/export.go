package connectjson

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/compiler/diag"
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
			w := &writer{l: l, connector: s.Key(), config: map[string]string{}, file: p.Spec, source: kind.list == "sources"}
			w.structure(s, d, place{}, joinPath(kind.list, s.Key()))
			w.config["name"] = s.Key()
			connectors = append(connectors, Exported{s.Key(), w.config})
			report = append(report, w.report...)
		}
	}
	w := &writer{l: l, config: map[string]string{}, file: p.Spec}
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
	text, err := w.text(pf.Value, property)
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

// text is a value as a property's.
func (w *writer) text(n plan.Node, property string) (string, error) {
	switch n := n.(type) {
	case *plan.List:
		var parts []string
		for _, e := range n.Elems {
			s, err := w.text(e, property)
			if err != nil {
				return "", err
			}
			if strings.Contains(s, ",") && n.Elem.Kind == plan.String && property != "bootstrap.servers" && !strings.HasSuffix(property, "schema.registry.url") {
				return "", fmt.Errorf("an element has a comma in it, with which Kafka Connect divides lists")
			}
			parts = append(parts, s)
		}
		return strings.Join(parts, ","), nil
	case *plan.Map:
		var parts []string
		for i, k := range n.Keys {
			s, err := w.text(n.Vals[i], property)
			if err != nil {
				return "", err
			}
			parts = append(parts, k+":"+s)
		}
		return strings.Join(parts, ","), nil
	case *plan.Lit:
		return scalarText(n, property)
	}
	return "", fmt.Errorf("cannot be said by a property")
}

func scalarText(l *plan.Lit, property string) (string, error) {
	switch l.Kind {
	case plan.Bool:
		return strconv.FormatBool(l.Bool), nil
	case plan.Int, plan.Bytes:
		return strconv.FormatInt(l.Int, 10), nil
	case plan.Float:
		return strconv.FormatFloat(l.Float, 'f', -1, 64), nil
	case plan.Duration:
		unit, word := int64(1e6), "milliseconds"
		if strings.HasSuffix(property, ".sec") {
			unit, word = 1e9, "seconds"
		}
		switch {
		case l.Int == plan.Forever:
			return "-1", nil
		case l.Int%unit != 0:
			return "", fmt.Errorf("is no whole number of %s, as which Kafka Connect has it", word)
		}
		return strconv.FormatInt(l.Int/unit, 10), nil
	case plan.String, plan.Secret, plan.File:
		return l.Str, nil
	}
	return "", fmt.Errorf("cannot be said by a property")
}

// part writes a struct.
func (w *writer) part(pf *plan.Field, f gotype.Field, at place, path string) {
	s, ok := pf.Value.(*plan.Struct)
	d, bad := w.l.table.Elem(f.Type)
	if !ok || len(bad) > 0 {
		return
	}
	switch {
	case f.Name == "deadLetterQueue" && w.source:
		w.say(pf, path, Failed, "Kafka Connect has no dead letter queue for sources")
		return
	case f.Name == "exactlyOnce":
		w.config["exactly.once.support"] = "required"
	case f.Name == "topicCreation":
		w.topicCreation(s)
	case f.Name == "tls": // of a Schema Registry; the others are written for themselves
		w.stores(s, at.base+at.in(f).rel, path)
		return
	}
	w.structure(s, d, at.in(f), path)
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

// component writes a connector, a converter or a database.
func (w *writer) component(pf *plan.Field, f gotype.Field, at place, path string) {
	s, ok := pf.Value.(*plan.Struct)
	if !ok {
		return
	}
	switch {
	case f.Name == "connection":
		w.database(pf, s, path)
	case f.Name == "connector":
		if d := w.class(pf, s, "connector.class", path); d != nil {
			w.structure(s, d, at, path)
		}
	case w.connector == "": // tracing
		w.none(pf, path)
	default:
		property := f.Property()
		if d := w.class(pf, s, property, path); d != nil {
			w.structure(s, d, place{base: property + "."}, path)
		}
	}
}

// class writes a component's class; it is nil where Kafka Connect has none.
func (w *writer) class(pf *plan.Field, s *plan.Struct, property, path string) *gotype.Def {
	d, bad := w.l.def(s.Type.Path, s.Type.Name)
	if len(bad) > 0 || len(d.Classes()) == 0 {
		w.say(pf, path, Failed, fmt.Sprintf("Kafka Connect has no %s.#%s", s.Type.Pkg, s.Type.Name))
		return nil
	}
	class := d.Classes()[0]
	if on := s.Text("on"); on != "" && d.Role == "transform" {
		class += "$" + strings.ToUpper(on[:1]) + on[1:]
	}
	w.config[property] = class
	return d
}

// steps writes transforms and their predicates. A step without a name is called
// by its number, as by the REST API, which import knows.
func (w *writer) steps(steps []*plan.Struct, path string) {
	var names, predicates []string
	for i, s := range steps {
		name := cmp.Or(s.Text("name"), strconv.Itoa(i))
		here := fmt.Sprintf("%s[%d]", path, i)
		base := "transforms." + name + "."
		names = append(names, name)
		if d := w.class(s.Get("do"), s.Struct("do"), base+"type", here+".do"); d != nil {
			w.structure(s.Struct("do"), d, place{base: base}, here+".do")
		}
		for _, when := range []string{"when", "unless"} {
			p := s.Struct(when)
			if p == nil {
				continue
			}
			predicates = append(predicates, name)
			w.config[base+"predicate"] = name
			if when == "unless" {
				w.config[base+"negate"] = "true"
			}
			if d := w.class(s.Get(when), p, "predicates."+name+".type", here+"."+when); d != nil {
				w.structure(p, d, place{base: "predicates." + name + "."}, here+"."+when)
			}
		}
	}
	if len(names) > 0 {
		w.config["transforms"] = strings.Join(names, ",")
	}
	if len(predicates) > 0 {
		w.config["predicates"] = strings.Join(predicates, ",")
	}
}

// database writes a database as JDBC's URL, its dialect, and what its driver is
// told.
func (w *writer) database(pf *plan.Field, s *plan.Struct, path string) {
	d, bad := w.l.def(s.Type.Path, s.Type.Name)
	if len(bad) > 0 || len(d.Classes()) < 2 {
		w.say(pf, path, Failed, fmt.Sprintf("Kafka Connect has no %s.#%s", s.Type.Pkg, s.Type.Name))
		return
	}
	w.config["dialect.name"] = d.Classes()[0]
	for _, f := range d.Fields {
		pf := s.Get(f.Name)
		if pf == nil {
			continue
		}
		switch text, err := w.text(pf.Value, ""); {
		case f.Name == "tls":
			w.driverTLS(s.Struct("tls"), d.Classes()[0])
		case slices.Contains(f.Names(), "connection.url"):
			w.config["connection.url"] = jdbc(f, text, d.Classes()[1])
		case f.InConnect() && f.Parameter() == "":
			w.plain(pf, f, place{}, joinPath(path, f.Name))
		case !pf.Pos.IsValid():
		case f.Parameter() == "":
			w.none(pf, joinPath(path, f.Name))
		case err != nil:
			w.say(pf, joinPath(path, f.Name), Failed, err.Error())
		default:
			if f.Unit() == "s" {
				text = strings.TrimSuffix(text, "000")
			}
			w.config["connection."+f.Parameter()] = f.Says(text)
		}
	}
}

// jdbc is a URL as JDBC has it. A reference stays: what it stands for is to be
// one.
func jdbc(f gotype.Field, text, scheme string) string {
	switch {
	case f.Name != "url": // a file
		return scheme + text
	case strings.HasPrefix(text, "jdbc:"), strings.HasPrefix(text, "${"):
		return text
	}
	return "jdbc:" + text
}

// driverTLS says TLS as drivers are told of it.
func (w *writer) driverTLS(tls *plan.Struct, dialect string) {
	skip := tls.Lit("insecureSkipVerify")
	any := skip != nil && skip.Bool
	word := func(name, checked, unchecked string) {
		w.config["connection."+name] = checked
		if any {
			w.config["connection."+name] = unchecked
		}
	}
	switch {
	case strings.HasPrefix(dialect, "PostgreSql"):
		word("sslmode", "verify-full", "require")
	case strings.HasPrefix(dialect, "SqlServer"):
		word("encrypt", "true", "true")
		if any {
			w.config["connection.trustServerCertificate"] = "true"
		}
	default:
		word("sslMode", "VERIFY_IDENTITY", "REQUIRED")
	}
	for field, name := range map[string]string{"caFile": "sslrootcert", "certFile": "sslcert", "keyFile": "sslkey"} {
		if text := tls.Text(field); text != "" {
			w.config["connection."+name] = text
		}
	}
}

// worker writes the cluster and the worker.
func (w *writer) worker(root *plan.Struct) diag.List {
	kafka, worker := root.Struct("kafka"), root.Struct("worker")
	d, bad := w.l.schema("Worker")
	if len(bad) > 0 {
		return bad
	}
	var brokers []string
	for _, b := range kafka.List("brokers") {
		brokers = append(brokers, b.(*plan.Lit).Str)
	}
	w.config["bootstrap.servers"] = strings.Join(brokers, ",")
	if id := kafka.Text("clientId"); id != "" {
		w.config["client.id"] = id
	}
	w.login(kafka)
	plain := *d
	plain.Fields = nil
	for _, f := range d.Fields {
		pf := worker.Get(f.Name)
		switch {
		case pf == nil:
		case f.Name == "takeover":
			w.say(pf, "worker.takeover", Needless, "it is of the move to kcgen")
		case f.Name == "restart":
			w.none(pf, "worker.restart")
		case f.Name == "rest":
			w.rest(worker.Struct("rest"))
		default:
			plain.Fields = append(plain.Fields, f)
		}
	}
	if worker != nil {
		w.structure(worker, &plain, place{}, "worker")
	}
	w.wanted(root)
	return nil
}

// wanted are properties without which no worker of Kafka Connect starts.
func (w *writer) wanted(root *plan.Struct) {
	for _, which := range []string{"key", "value"} {
		w.config[which+".converter"] = "org.apache.kafka.connect.json.JsonConverter" // every connector has its own
	}
	worker := root.Struct("worker")
	group := worker.Struct("group")
	if group == nil {
		w.config["offset.storage.file.filename"] = "connect.offsets" // of standalone mode
		return
	}
	w.config["offset.storage.topic"] = worker.Text("offsetStorageTopic")
	w.config["config.storage.topic"] = group.Text("configStorageTopic")
	w.config["status.storage.topic"] = group.Text("statusStorageTopic")
	exactly, sources := 0, root.Structs("sources")
	for _, s := range sources {
		if s.Get("exactlyOnce") != nil {
			exactly++
		}
	}
	switch {
	case exactly > 0 && exactly == len(sources):
		w.config["exactly.once.source.support"] = "enabled"
	case exactly > 0:
		w.report = append(w.report, Entry{File: w.file, Property: "exactly.once.source.support", Outcome: Decided,
			Note: "the worker needs enabled, and is exactly once for all its sources then"})
	}
}

func (w *writer) rest(s *plan.Struct) {
	w.config["listeners"] = "http://" + s.Text("listen")
	if host, port, ok := strings.Cut(s.Text("advertised"), ":"); ok {
		w.config["rest.advertised.host.name"], w.config["rest.advertised.port"] = host, port
	}
	for _, name := range []string{"tls", "basicAuth", "readOnly"} {
		if f := s.Get(name); f != nil && f.Pos.IsValid() {
			w.none(f, "worker.rest."+name)
		}
	}
}

// login writes TLS and SASL of the cluster.
func (w *writer) login(kafka *plan.Struct) {
	tls, sasl := kafka.Struct("tls"), kafka.Struct("sasl")
	protocol := "PLAINTEXT"
	if tls != nil {
		protocol = "SSL"
	}
	if sasl != nil {
		protocol = "SASL_" + protocol
		w.jaas(sasl)
	}
	if protocol != "PLAINTEXT" {
		w.config["security.protocol"] = protocol
	}
	w.stores(tls, "ssl.", "kafka.tls")
}

// stores writes certificates, behind a prefix ("ssl.").
func (w *writer) stores(tls *plan.Struct, prefix, path string) {
	if file := tls.Text("caFile"); file != "" {
		w.config[prefix+"truststore.location"], w.config[prefix+"truststore.type"] = file, "PEM"
	}
	if cert, key := tls.Text("certFile"), tls.Text("keyFile"); cert != "" {
		w.config[prefix+"keystore.location"], w.config[prefix+"keystore.type"] = cert, "PEM"
		if f := tls.Get("keyFile"); f != nil && cert != key {
			w.say(f, path+".keyFile", Decided, "Kafka reads key and certificates from one PEM file: put them into one")
		}
	}
	for _, name := range []string{"serverName", "insecureSkipVerify"} {
		if f := tls.Get(name); f != nil && f.Pos.IsValid() {
			w.none(f, path+"."+name)
		}
	}
}

// modules are JAAS's, by mechanism.
var modules = map[string]string{
	"PLAIN":         "org.apache.kafka.common.security.plain.PlainLoginModule",
	"SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
	"SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
	"OAUTHBEARER":   "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule",
}

func (w *writer) jaas(sasl *plan.Struct) {
	w.config["sasl.mechanism"] = sasl.Text("mechanism")
	line := modules[sasl.Text("mechanism")] + " required"
	for _, name := range []string{"username", "password", "clientId", "clientSecret", "scope"} {
		if text := sasl.Text(name); text != "" {
			line += fmt.Sprintf(" %s=\"%s\"", name, strings.ReplaceAll(text, `"`, `\"`))
		}
	}
	if f := sasl.Get("extensions"); f != nil {
		if m, ok := f.Value.(*plan.Map); ok {
			for i, k := range m.Keys {
				line += fmt.Sprintf(" extension_%s=\"%s\"", k, m.Vals[i].(*plan.Lit).Str)
			}
		}
	}
	w.config["sasl.jaas.config"] = line + ";"
	if url := sasl.Text("tokenEndpointUrl"); url != "" {
		w.config["sasl.oauthbearer.token.endpoint.url"] = url
		w.config["sasl.login.callback.handler.class"] = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler"
	}
	if f := sasl.Get("token"); f != nil {
		w.none(f, "kafka.sasl.token")
	}
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
