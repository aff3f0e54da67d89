package connectjson

import (
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/plan"
)

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
