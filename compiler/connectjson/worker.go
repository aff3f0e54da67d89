package connectjson

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/gotype"
)

// readWorker reads what a worker is told: the cluster, and how the program
// works.
func (r *reader) readWorker(kafka, worker *gotype.Def) (k, w *tree) {
	k = &tree{}
	text, _ := r.take("bootstrap.servers")
	brokers := &tree{list: true}
	for _, b := range splitList(text) {
		s, err := r.references(b)
		if err != nil {
			r.fail("bootstrap.servers", "%s", err)
		}
		brokers.elems = append(brokers.elems, quote(s))
	}
	k.add("brokers", brokers, "bootstrap.servers")
	r.entry("bootstrap.servers", Mapped, "kafka.brokers", "")
	for _, f := range kafka.Fields {
		if f.Name == "clientId" {
			r.plain(k, f, place{}, "kafka")
		}
	}
	r.login(k)

	w = r.def(worker, place{}, "worker")
	for i := range r.report {
		if e := &r.report[i]; e.Property == "group.id" && e.Outcome == Mapped {
			e.Note = "no Kafka Connect may run in it: give another, or import with -takeover"
		}
	}
	r.listeners(w)
	if text, given := r.take("config.providers"); given {
		r.entry("config.providers", Mapped, "", clip(text))
	}
	for _, p := range []string{"key.converter", "value.converter", "header.converter"} {
		if _, given := r.take(p); given && !slices.ContainsFunc(r.report, func(e Entry) bool { return e.Property == p }) {
			r.entry(p, Needless, "", "every connector names its own")
		}
	}
	r.workerLeftovers()
	return k, w
}

// ownGroup gives one pipeline of several a group of its own.
func (r *reader) ownGroup(w *tree, pipeline string) {
	id := w.field("group").field("id")
	if id == nil {
		return
	}
	*id = *quote(r.props["group.id"].Text + "-" + pipeline)
	for i := range r.report {
		if e := &r.report[i]; e.Property == "group.id" {
			e.Outcome, e.Note = Decided, id.words()+": no two pipelines share a group"
		}
	}
}

// takeover continues the connectors of the worker's group instead of joining it.
func (r *reader) takeover(w *tree) {
	id := r.props["group.id"].Text
	topic := r.props["offset.storage.topic"].Text
	if id == "" || topic == "" {
		r.fail("group.id", "there is no group whose connectors could be taken over: offsets of standalone mode are in a file")
		return
	}
	w.drop("group", "")
	t := &tree{}
	t.add("groupId", quote(id), "group.id")
	t.add("offsetStorageTopic", quote(topic), "offset.storage.topic")
	w.add("takeover", t, "group.id")
	for i := range r.report {
		e := &r.report[i]
		switch {
		case e.Property == "group.id":
			e.Field, e.Note = "worker.takeover.groupId", ""
		case strings.HasPrefix(e.Field, "worker.group."):
			e.Outcome, e.Field, e.Note = Needless, "", "it is of the group that is taken over"
		}
	}
	r.report = slices.DeleteFunc(r.report, func(e Entry) bool {
		_, given := r.props[e.Property]
		return e.Outcome == Needless && !given
	})
}

// workerLeftovers are the properties that are left once the connectors have
// been read.
func (r *reader) workerLeftovers() {
	_, distributed := r.props["group.id"]
	for _, p := range slices.Sorted(maps.Keys(r.props)) {
		if r.used[p] {
			continue
		}
		r.used[p] = true
		switch of, rest, _ := strings.Cut(p, "."); {
		case p == "offset.storage" || p == "offset.storage.file.filename":
			r.entry(p, Needless, "", "offsets are kept in a topic: take those of the file over by ./NAME offsets set")
		case strings.HasPrefix(p, "config.providers."):
			r.provider(p)
		case p == "exactly.once.source.support":
			r.support()
		case strings.Contains(p, ".converter.") && !strings.HasPrefix(p, "internal."):
			r.converters(p)
		case (of == "producer" || of == "consumer" || of == "admin") && r.props[rest].Text == r.props[p].Text && r.props[p].Text != "":
			r.entry(p, Needless, "", "the same as "+rest)
		case strings.HasSuffix(p, ".plugin.version"):
			r.entry(p, Needless, "", "components are linked into the program: go.mod has their versions")
		case !distributed && (strings.HasPrefix(p, "config.storage.") || strings.HasPrefix(p, "status.storage.")):
			r.entry(p, Needless, "", "changes nothing without group.id")
		default:
			r.used[p] = false
		}
	}
}

// support says what became of exactly.once.source.support, which the sources
// have asked for.
func (r *reader) support() {
	const p = "exactly.once.source.support"
	if strings.EqualFold(r.props[p].Text, "enabled") {
		r.entry(p, Mapped, "exactlyOnce", "of all sources")
		return
	}
	r.entry(p, Default, "", clip(r.props[p].Text))
}

// converters says what became of a property of the worker's converters that
// none of them has asked for.
func (r *reader) converters(p string) {
	which, _, _ := strings.Cut(p, ".")
	if r.anyConverter(which+".converter.", p) {
		r.entry(p, Needless, "", "the converter has no such property, or every connector names its own")
		return
	}
	r.fail(p, "kcgen has no such property%s", diag.DidYouMean(p, r.known))
}

// provider says what becomes of a config provider's settings.
func (r *reader) provider(p string) {
	alias := strings.Split(strings.TrimPrefix(p, "config.providers."), ".")[0]
	switch kind := r.aliases[alias]; {
	case kind != "" && strings.HasSuffix(p, ".class"):
		r.entry(p, Mapped, "", "${"+alias+":…} is ${"+kind+":…}")
	case kind != "":
		r.entry(p, Needless, "", "references are read as the process may read")
	default:
		r.entry(p, Needless, "", "kcgen has no such provider: what refers to it is told at its place")
	}
}

// listeners reads where the REST API is served.
func (r *reader) listeners(w *tree) {
	list, given := r.take("listeners")
	host, _ := r.take("rest.advertised.host.name")
	port, _ := r.take("rest.advertised.port")
	r.take("rest.advertised.listener")
	for _, p := range []string{"rest.advertised.host.name", "rest.advertised.port", "rest.advertised.listener"} {
		switch _, said := r.props[p]; {
		case !said:
		case given && host != "" && p != "rest.advertised.listener":
			r.entry(p, Mapped, "worker.rest.advertised", "")
		default:
			r.entry(p, Needless, "", "changes nothing without listeners and rest.advertised.host.name")
		}
	}
	if !given {
		return
	}
	all := splitList(list)
	if len(all) == 0 {
		r.entry("listeners", Default, "", "empty")
		return
	}
	u, err := url.Parse(all[0])
	if err != nil || u.Port() == "" || len(all) > 1 || strings.ToLower(u.Scheme) != "http" {
		r.fail("listeners", "%smust be one http listener, such as http://:8083; for https give worker.rest.tls by hand", quoted("listeners", list))
		return
	}
	rest := &tree{}
	rest.add("listen", quote(u.Host), "listeners")
	r.entry("listeners", Mapped, "worker.rest.listen", "")
	if host != "" {
		if port == "" {
			port = u.Port()
		}
		rest.add("advertised", quote(host+":"+port), "rest.advertised.host.name")
	}
	w.add("rest", rest, "listeners")
	w.given = true
}
