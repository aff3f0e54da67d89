package connectjson

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/reference"
)

// connection reads the database of a connector that speaks SQL: which one it
// is says the URL, or dialect.name where the URL is a reference.
func (r *reader) connection(t *tree, f gotype.Field, path string) {
	address, given := r.take("connection.url")
	dialect, named := r.take("dialect.name")
	if !given {
		r.fail("connection.url", "is missing")
		return
	}
	comp := r.database(address, dialect)
	switch {
	case comp == nil && strings.Contains(address, "${") && !named:
		r.fail("connection.url", "does not say which database it is: add dialect.name, such as PostgreSqlDatabaseDialect")
		return
	case comp == nil:
		r.fail("connection.url", "is of no database that kcgen has (%s)", strings.Join(r.l.schemes(), ", "))
		for p := range r.props {
			if strings.HasPrefix(p, "connection.") {
				r.used[p] = true // one line is enough
			}
		}
		return
	}
	if named {
		r.entry("dialect.name", Mapped, path, comp.CUE())
	}
	d, bad := r.l.def(comp.Package.Path, comp.Name)
	if len(bad) > 0 {
		r.fail("connection.url", "%s", bad)
		return
	}
	own := r.driver(address, d)
	db := &tree{of: comp.CUE()}
	for _, df := range d.Fields {
		switch {
		case df.Name == "tls":
			own.security(db, joinPath(path, df.Name))
		default:
			own.field(db, df, place{}, path)
		}
	}
	own.fixed(d, place{})
	own.unread(r)
	r.imports[comp.Package.Path] = true
	t.add(f.Name, db, "connection.url")
	t.given = true
}

// database finds a database by its URL, or by its dialect.
func (r *reader) database(address, dialect string) *reference.Def {
	for _, comp := range r.l.lib.Components("database") {
		for _, class := range comp.Classes {
			if dialect != "" && class == dialect || strings.HasSuffix(class, ":") && strings.HasPrefix(address, class) {
				return comp
			}
		}
	}
	return nil
}

// schemes are what URLs begin with.
func (l *Language) schemes() []string {
	var out []string
	for _, comp := range l.lib.Components("database") {
		for _, class := range comp.Classes {
			if strings.HasSuffix(class, ":") {
				out = append(out, class)
			}
		}
	}
	return out
}

// driver reads what a URL holds, and connection.* of the connector, which go to
// the driver.
type driver struct {
	*reader
	params map[string]string // by names in lower case → the properties that hold them
}

// driver takes a URL apart: its parameters become properties connection.NAME,
// as which Kafka Connect takes them too.
func (r *reader) driver(address string, d *gotype.Def) *driver {
	bare, params := splitURL(address)
	sub := *r
	sub.props = maps.Clone(r.props)
	line := r.props["connection.url"].Line
	own := &driver{&sub, map[string]string{}}
	for _, class := range d.Classes() {
		// sqlite's URL is a file's path; the others keep what says what they are.
		if strings.HasSuffix(class, ":") && !strings.Contains(bare, "://") {
			bare = strings.TrimPrefix(bare, class)
		}
	}
	sub.props["connection.url"] = Prop{strings.TrimPrefix(bare, "jdbc:"), line}
	for name, text := range params {
		if _, given := sub.props["connection."+name]; !given {
			sub.props["connection."+name] = Prop{text, line}
		}
	}
	for p := range sub.props {
		if name, ok := strings.CutPrefix(p, "connection."); ok {
			own.params[strings.ToLower(name)] = p
		}
	}
	for _, f := range d.Fields { // those of the connector that are of one database
		if _, given := r.props[f.Property()]; given && strings.Contains(f.Property(), ".") {
			own.params[strings.ToLower(f.Property())] = f.Property()
		}
	}
	return own
}

// splitURL divides a JDBC URL: ?a=b&c=d behind it, or ;a=b;c=d, of which
// SQL Server's databaseName is part of the URL.
func splitURL(address string) (bare string, params map[string]string) {
	params = map[string]string{}
	sep := "&"
	bare, rest, _ := strings.Cut(address, "?")
	if strings.HasPrefix(address, "jdbc:sqlserver:") {
		sep = ";"
		bare, rest, _ = strings.Cut(address, ";")
	}
	for part := range strings.SplitSeq(rest, sep) {
		name, value, _ := strings.Cut(part, "=")
		switch {
		case name == "":
		case sep == ";" && (strings.EqualFold(name, "databaseName") || strings.EqualFold(name, "database")):
			bare += ";databaseName=" + value
		default:
			params[name] = unpercent(value)
		}
	}
	return bare, params
}

// unpercent takes the escapes out of a parameter.
func unpercent(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// field reads a field of a database: a property of the connector, or a
// parameter of the driver.
func (o *driver) field(t *tree, f gotype.Field, at place, path string) {
	before, from, leaves := len(o.report), "", len(t.fields)
	for _, name := range append(f.Names(), f.Name, f.Parameter()) {
		p, ok := o.params[strings.ToLower(strings.TrimPrefix(name, "connection."))]
		if !ok || o.used[p] && p != "connection.url" || p == "connection.url" && name != p {
			continue
		}
		text := o.props[p].Text
		if f.Unit() == "s" && f.Type.Kind == plan.Duration {
			text += "000"
		}
		if b := f.Means(text); b != "" {
			text = b
		}
		o.used[p], from = true, p
		alias := f.Names()[0]
		if p != alias {
			o.props[alias] = Prop{text, o.props[p].Line}
		}
		break
	}
	o.reader.field(t, f, at, path)
	for i := before; i < len(o.report) && from != ""; i++ {
		o.report[i].Property = from
	}
	for i := leaves; i < len(t.fields) && from != ""; i++ {
		t.fields[i].prop = from
	}
}

// unread are parameters that the database does not have.
func (o *driver) unread(r *reader) {
	r.report, r.known = o.report, o.known
	for _, name := range slices.Sorted(maps.Keys(o.params)) {
		p := o.params[name]
		r.used[p] = true
		if !o.used[p] {
			r.fail(p, "kcgen's driver has no such parameter")
		}
	}
}

// What drivers say of TLS: nothing, any certificate, or one that is checked.
var modes = map[string]string{
	"disable": "no", "allow": "no", "prefer": "no", "disabled": "no", "preferred": "no", "false": "no",
	"require": "any", "required": "any",
	"true": "checked", "strict": "checked", "verify-full": "checked", "verify-ca": "checked", "verify_ca": "checked", "verify_identity": "checked",
}

// certificates are the drivers' parameters that name files of TLS.
var certificates = []struct{ parameter, field string }{
	{"sslrootcert", "caFile"}, {"sslcert", "certFile"}, {"sslkey", "keyFile"},
}

// security reads how the drivers of PostgreSQL, MySQL and SQL Server are told
// of TLS.
func (o *driver) security(db *tree, path string) {
	mode, from := "", ""
	for _, name := range []string{"sslmode", "ssl", "usessl", "encrypt"} {
		p, ok := o.params[name]
		if !ok {
			continue
		}
		o.used[p] = true
		m, known := modes[strings.ToLower(o.props[p].Text)]
		if !known {
			o.fail(p, "%sis no way to use TLS", quoted(p, o.props[p].Text))
		} else if mode == "" {
			mode, from = m, p
		}
	}
	if p, ok := o.params["trustservercertificate"]; ok {
		o.used[p] = true
		if strings.EqualFold(o.props[p].Text, "true") && mode == "checked" {
			mode = "any"
		}
	}
	tls := &tree{}
	for _, file := range certificates {
		p, ok := o.params[file.parameter]
		if !ok {
			continue
		}
		o.used[p] = true
		if mode != "any" && mode != "checked" {
			o.entry(p, Needless, "", "the connection is in the clear")
			continue
		}
		tls.add(file.field, quote(o.props[p].Text), p)
		o.entry(p, Mapped, joinPath(path, file.field), "")
	}
	switch mode {
	case "no":
		o.entry(from, Default, "", "in the clear")
	case "any":
		tls.add("insecureSkipVerify", &tree{text: "true"}, from)
		db.add("tls", tls, from).doc = "As the driver was told: any certificate is taken."
		o.entry(from, Decided, path, "any certificate is taken, as there: remove insecureSkipVerify if the server has a good one")
	case "checked":
		db.add("tls", tls, from)
		o.entry(from, Mapped, path, "")
	}
}
