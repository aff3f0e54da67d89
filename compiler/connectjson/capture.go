package connectjson

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/plan"
)

// host reads the server of a capture, of which Debezium has the parts:
// database.hostname, database.port and database.dbname become the URL.
func (r *reader) host(t *tree, f gotype.Field, d *gotype.Def, path string) {
	const hostname = "database.hostname"
	sub := *r
	sub.props = maps.Clone(r.props)
	own := &driver{&sub, map[string]string{}}
	if url := own.address(f, d, path); url != "" {
		own.params["url"] = hostname
		sub.props[hostname] = Prop{url, r.props[hostname].Line}
		delete(own.used, hostname) // read as the URL
	}
	own.options()
	db := &tree{of: d.Type.Pkg + "." + d.Name}
	for _, df := range d.Fields {
		if df.Name == "tls" {
			own.security(db, joinPath(path, df.Name))
			continue
		}
		own.field(db, df, place{}, path)
		if property := debeziums(df); property != "" {
			r.missing[joinPath(path, df.Name)] = property
		}
	}
	r.missing[joinPath(path, "url")] = hostname
	if _, named := r.props["database.dbname"]; f.Database() == "" && !named && r.props[hostname].Text != "" {
		r.missing[joinPath(path, "url")] = "database.dbname"
	}
	own.fixed(d, place{})
	own.with(f, path)
	r.report, r.known = own.report, own.known
	r.imports[d.Type.Path] = true
	t.add(f.Name, db, hostname)
	t.given = true
}

// with reads what Debezium wants beside a database: its plugin, of which kcgen
// has one.
func (o *driver) with(f gotype.Field, path string) {
	name, want, ok := strings.Cut(f.With(), "=")
	if !ok {
		return
	}
	switch text, given := o.take(name); {
	case !given:
		o.entry(name, Decided, path, "kcgen always does as with "+want+", which is not Debezium's default: a slot of another plugin is of no use")
	case strings.TrimSpace(text) == want:
		o.entry(name, Mapped, path, "")
	default:
		o.fail(name, "%skcgen always does as with %s", quoted(name, text), want)
	}
}

// address is the URL of a database, or empty where a part of it is missing.
func (o *driver) address(f gotype.Field, d *gotype.Def, path string) string {
	here := joinPath(path, "url")
	host, found := o.needed("database.hostname")
	if strings.Contains(host, ":") && !strings.ContainsAny(host, "[$") {
		host = "[" + host + "]"
	}
	if port, given := o.take("database.port"); given {
		host += ":" + strings.TrimSpace(port)
		o.entry("database.port", Mapped, here, "")
	}
	name := f.Database()
	if name == "" {
		var named bool
		if name, named = o.needed("database.dbname"); named {
			o.entry("database.dbname", Mapped, here, "")
		}
		found = found && named
	}
	if !found && host != "" {
		o.entry("database.hostname", Mapped, here, "")
	}
	if !found {
		return ""
	}
	return scheme(d, o.props["connector.class"].Text) + "//" + host + "/" + name
}

// needed is a property that has to be there.
func (o *driver) needed(property string) (string, bool) {
	text, _ := o.take(property)
	if text = strings.TrimSpace(text); text == "" {
		o.fail(property, "is missing")
		return "", false
	}
	return text, true
}

// scheme is what the URL of a database begins with; of several, the one that is
// in the connector's class.
func scheme(d *gotype.Def, class string) string {
	var first string
	for _, c := range d.Classes() {
		s, ok := strings.CutPrefix(c, "jdbc:")
		if !ok {
			continue
		}
		if strings.Contains(strings.ToLower(class), strings.TrimSuffix(s, ":")) {
			return s
		}
		if first == "" {
			first = s
		}
	}
	return first
}

// options are the parameters of the driver: driver.NAME, and what Debezium
// knows itself of TLS.
func (o *driver) options() {
	for p := range o.props {
		if name, ok := strings.CutPrefix(p, "driver."); ok {
			o.params[strings.ToLower(name)] = p
		}
	}
	for _, name := range []string{"sslmode", "ssl.mode", "sslrootcert", "sslcert", "sslkey"} {
		p := "database." + name
		o.known = append(o.known, p)
		if _, given := o.props[p]; given {
			o.params[strings.ReplaceAll(name, ".", "")] = p
		}
	}
}

// family is what the properties of a map begin with, of which each has a key in
// its name: column.mask.with.*.
func family(f gotype.Field) (begins string, several bool) {
	if f.Type.Form != gotype.Map {
		return "", false
	}
	for _, name := range f.Names() {
		if begins, several = strings.CutSuffix(name, "*"); several {
			return begins, true
		}
	}
	return "", false
}

// listed is the property that lists the keys of a family, if it has one.
func listed(f gotype.Field, begins string) (string, bool) {
	list := strings.TrimSuffix(begins, ".")
	return list, slices.Contains(f.Names(), list)
}

// family reads a map, of which each key is part of a property's name.
func (r *reader) family(t *tree, f gotype.Field, begins, here string) {
	list, closed := listed(f, begins)
	var keys []string
	if closed {
		text, given := r.take(list)
		keys = splitList(text)
		if given {
			r.entry(list, Mapped, here, "")
		}
	}
	out := &tree{}
	for _, property := range slices.Sorted(maps.Keys(r.props)) {
		key, ok := strings.CutPrefix(property, begins)
		if !ok || key == "" || r.used[property] {
			continue
		}
		text, _ := r.take(property)
		if closed && !slices.Contains(keys, key) {
			r.entry(property, Needless, "", list+" does not name it")
			continue
		}
		v, err := value(f.Type.Elem, property, text, r.clean(property))
		if err != nil {
			r.fail(property, "%s", err)
			continue
		}
		if n, ok := strings.CutSuffix(key, ".chars"); ok && isNumber(n) {
			key = n
		}
		if out.field(key) != nil {
			r.fail(property, "is there twice")
			continue
		}
		out.add(key, v, property)
		r.entry(property, Mapped, joinPath(here, key), "")
	}
	if len(out.fields) > 0 {
		t.add(f.Name, out, begins)
		t.given = true
	}
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 32)
	return err == nil
}

// hashes reads column.mask.hash.ALGORITHM.with.salt.SALT. The salt is a secret
// in a property's name: neither is shown.
func (r *reader) hashes(t *tree, f gotype.Field, here string) {
	begins := f.Property() + "."
	out := &tree{list: true}
	for _, property := range slices.Sorted(maps.Keys(r.props)) {
		rest, ok := strings.CutPrefix(property, begins)
		algorithm, salt, salted := strings.Cut(rest, ".with.salt.")
		if !ok || !salted || strings.Contains(algorithm, ".") || r.used[property] {
			continue
		}
		text, _ := r.take(property)
		shown := begins + algorithm + ".with.salt."
		ref, variable, note := r.secret(f.Property()+"."+strconv.Itoa(len(out.elems)+1)+".salt", salt)
		columns, err := value(&gotype.Type{Form: gotype.List, Elem: &gotype.Type{Form: gotype.Scalar, Kind: plan.String}}, shown, text, r.clean(shown))
		if err != nil {
			r.fail(shown, "%s", err)
			continue
		}
		hash := &tree{}
		hash.add("algorithm", quote(algorithm), shown)
		hash.add("salt", quote(ref), shown)
		hash.add("columns", columns, shown)
		e := r.entry(shown, Mapped, here+"["+strconv.Itoa(len(out.elems))+"]", note)
		e.Line = r.props[property].Line
		if variable != "" {
			e.Outcome, e.Variable = Secret, variable
		}
		out.elems = append(out.elems, hash)
	}
	if len(out.elems) > 0 {
		t.add(f.Name, out, begins)
		t.given = true
	}
}
