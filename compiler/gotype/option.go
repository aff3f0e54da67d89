package gotype

import (
	"regexp"
	"strconv"
	"strings"

	"kcgen.dev/compiler/plan"
)

// Property is what Kafka Connect calls a field. Its doc says so in
// parentheses, "(batch.size)"; else the rule does by which fields are named
// after properties: batchSize is batch.size, and a duration gets its .ms back.
// A struct that the doc says nothing of has none: its fields' are as if they
// stood in its place. A name that ends in ".*" is where several begin.
func (f Field) Property() string {
	if p := f.documented(); p != "" || f.Type.Form == Struct || f.Type.Form == Keyed {
		return p
	}
	p := strings.ToLower(strings.Join(words(f.Name), "."))
	if f.Type.Form == Scalar && f.Type.Kind == plan.Duration {
		p += ".ms"
	}
	return p
}

var (
	parentheses  = regexp.MustCompile(`\(([^()]*)\)`)
	between      = regexp.MustCompile(`, | with | and | or `)
	propertyName = regexp.MustCompile(`^[a-z][a-z0-9_-]*(\.([a-z0-9_-]+|<[a-z]+>))*(\.\*)?$`)
)

func (f Field) documented() string { return Documented(f.Name, strings.Join(f.Doc, " ")) }

// Documented is the first name of a property that a field's doc has in
// parentheses: one of several words, or one that is the field's own.
func Documented(field, doc string) string {
	for _, m := range parentheses.FindAllStringSubmatch(doc, -1) {
		for _, p := range between.Split(m[1], -1) {
			if propertyName.MatchString(p) && (strings.Contains(p, ".") || p == strings.ToLower(field)) {
				return p
			}
		}
	}
	return ""
}

// connectType is Kafka Connect's word for a field's type; "" where it has
// properties of its own.
func (f Field) connectType() string {
	switch f.Type.Form {
	case Struct, Keyed:
		return ""
	case Component:
		return "CLASS"
	case List, Map:
		return "LIST"
	}
	switch f.Type.Kind {
	case plan.Int:
		return "INT"
	case plan.Float:
		return "DOUBLE"
	case plan.Bool:
		return "BOOLEAN"
	case plan.Duration, plan.Bytes:
		return "LONG"
	case plan.Secret:
		return "PASSWORD"
	}
	return "STRING"
}

// connectDefault is the field's default as the text of a property: a duration
// in milliseconds (or seconds, where its name says so), a size in bytes.
func (f Field) connectDefault() (string, error) {
	if !f.Default.Exists() {
		return "", nil
	}
	text, err := f.Default.String()
	if err != nil { // a number or a boolean is as in JSON
		b, err := f.Default.MarshalJSON()
		return string(b), err
	}
	switch f.Type.Kind {
	case plan.Duration:
		ns, err := Length(text)
		if ns == plan.Forever {
			return "-1", err
		}
		unit := 1e6
		if strings.HasSuffix(f.Property(), ".sec") {
			unit = 1e9
		}
		return strconv.FormatFloat(float64(ns)/unit, 'f', -1, 64), err
	case plan.Bytes:
		n, err := Size(text)
		return strconv.FormatInt(n, 10), err
	}
	return text, nil
}

// describes says whether a definition gets a ConfigDef: what Kafka Connect's
// tools may see of it. A plain struct of which Kafka Connect knows nothing has
// none.
func (d *Def) describes() bool {
	if d.Role != "" {
		return true
	}
	for _, f := range d.Fields {
		if f.documented() != "" {
			return true
		}
	}
	return false
}
