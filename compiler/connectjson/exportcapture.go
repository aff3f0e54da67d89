package connectjson

import (
	"strings"

	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/plan"
)

// host writes the server of a capture as Debezium has it: the parts of the URL,
// and what the driver is told.
func (w *writer) host(pf *plan.Field, f gotype.Field, s *plan.Struct, d *gotype.Def, path string) {
	if !w.address(pf, s.Text("url"), f, d, path) {
		return
	}
	if name, text, ok := strings.Cut(f.With(), "="); ok {
		w.config[name] = text
	}
	for _, df := range d.Fields {
		sf := s.Get(df.Name)
		if sf == nil || df.Name == "url" {
			continue
		}
		here := joinPath(path, df.Name)
		text, err := w.text(sf.Value, "")
		property := debeziums(df)
		switch {
		case df.Name == "tls":
			w.hostTLS(s.Struct("tls"), sf, d, here)
		case !sf.Pos.IsValid():
		case err != nil:
			w.say(sf, here, Failed, err.Error())
		case property != "":
			w.config[property] = text
		case df.Parameter() == "":
			w.none(sf, here)
		default:
			if df.Unit() == "s" {
				text = strings.TrimSuffix(text, "000")
			}
			w.config["driver."+df.Parameter()] = df.Says(text)
		}
	}
}

// debeziums is Debezium's own property for a field of a database; empty where it hands
// it to its driver. It counts in milliseconds, drivers may not.
func debeziums(f gotype.Field) string {
	for _, name := range f.Names() {
		if strings.HasPrefix(name, "database.") || name == "connect.timeout.ms" && f.Unit() == "" {
			return name
		}
	}
	return ""
}

// address writes a URL's parts, and says whether it could. A MariaDB has a class
// of its own there.
func (w *writer) address(pf *plan.Field, text string, f gotype.Field, d *gotype.Def, path string) bool {
	scheme, host, port, name, ok := parts(text)
	switch {
	case !ok:
		w.say(pf, joinPath(path, "url"), Failed, "Debezium has its parts: host and port are to be seen in it")
		return false
	case strings.Contains(host, ","):
		w.say(pf, joinPath(path, "url"), Failed, "Debezium connects to one host")
		return false
	}
	w.config["database.hostname"] = host
	if port != "" {
		w.config["database.port"] = port
	}
	if f.Database() == "" {
		w.config["database.dbname"] = name
	}
	w.config["connector.class"] = w.l.classOf(w.config["connector.class"], scheme)
	return true
}

// classOf is the class of the same connector in the package that is named after
// the database, if there is one.
func (l *Language) classOf(class, scheme string) string {
	of := l.classes["source"][class]
	if of == nil {
		return class
	}
	for _, c := range of.Classes {
		if strings.Contains(c, "."+scheme+".") {
			return c
		}
	}
	return class
}

// parts takes a database's URL apart. What is in braces is a reference, in which
// colons and slashes mean nothing, and in brackets an address.
func parts(text string) (scheme, host, port, name string, ok bool) {
	scheme, rest, ok := strings.Cut(strings.TrimPrefix(text, "jdbc:"), "://")
	depth, colon := 0, -1
	for i := 0; ok && i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case depth > 0:
		case c == ':':
			colon = i
		case c == '/':
			host = rest[:i]
			if colon >= 0 {
				host, port = rest[:colon], rest[colon+1:i]
			}
			return scheme, strings.Trim(host, "[]"), port, rest[i+1:], host != ""
		}
	}
	return "", "", "", "", false
}

// family writes a map, of which each key is part of a property's name.
func (w *writer) family(pf *plan.Field, f gotype.Field, begins, path string) {
	m, ok := pf.Value.(*plan.Map)
	if !ok || len(m.Keys) == 0 {
		return
	}
	for i, key := range m.Keys {
		text, err := w.text(m.Vals[i], "")
		if err != nil {
			w.say(pf, path, Failed, err.Error())
			return
		}
		if strings.HasPrefix(begins, "column.") && isNumber(key) {
			key += ".chars"
		}
		w.config[begins+key] = text
	}
	if list, has := listed(f, begins); has {
		w.config[list] = strings.Join(m.Keys, ",")
	}
}

// hostTLS says TLS as Debezium is told of it, whose own are the names of
// PostgreSQL. MySQL's certificates are in stores there.
func (w *writer) hostTLS(tls *plan.Struct, pf *plan.Field, d *gotype.Def, path string) {
	skip := tls.Lit("insecureSkipVerify")
	property, mode := "database.sslmode", "verify-full"
	stores := !strings.HasPrefix(d.Classes()[0], "PostgreSql")
	if stores {
		property, mode = "database.ssl.mode", "verify_identity"
	}
	if skip != nil && skip.Bool {
		mode = map[bool]string{false: "require", true: "required"}[stores]
	}
	w.config[property] = mode
	for _, file := range certificates {
		switch text := tls.Text(file.field); {
		case text == "":
		case stores:
			w.say(pf, joinPath(path, file.field), Failed, "Debezium reads it from a store: make one, and give database.ssl.truststore or database.ssl.keystore")
		default:
			w.config["database."+file.parameter] = text
		}
	}
}
