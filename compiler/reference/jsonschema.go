package reference

import (
	"encoding/json"
	"strings"
)

type object = map[string]any

// JSONSchema is the schema (draft 2020-12) of specs in YAML and JSON. It is
// closed as the CUE is; a component is chosen by its field use. What only
// evaluation can say (a field that another one needs) it leaves to kcgen vet.
func (l *Library) JSONSchema() ([]byte, error) {
	defs := object{}
	for _, p := range l.Packages() {
		for _, d := range p.Defs {
			if d.Any {
				defs[d.Role] = l.choice(d)
			} else {
				defs[key(d)] = l.definition(d)
			}
		}
	}
	root := object{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "kcgen pipeline",
		"description": "A spec in YAML or JSON; see kcgen explain.",
		"$ref":        ref("schema.Pipeline"),
		"$defs":       defs,
	}
	b, err := json.MarshalIndent(root, "", "  ")
	return append(b, '\n'), err
}

// key is a definition's name under $defs.
func key(d *Def) string { return d.Use() }

// ref points to a definition; / and ~ are escaped as JSON Pointer says.
func ref(key string) string {
	return "#/$defs/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

func (l *Library) definition(d *Def) object {
	if len(d.Fields) == 0 && d.Role == "" {
		return describe(l.schemaOf(d.scope, d.expr), "", d.Doc)
	}
	props, required := object{}, []string{}
	if d.Role != "" {
		props["use"] = object{"enum": names(d)}
		required = append(required, "use")
	}
	for _, f := range d.Fields {
		s := describe(l.schemaOf(f.scope, f.expr), "", f.Doc)
		if v, ok := constant(f.Default); ok {
			s["default"] = v
		}
		props[f.Name] = s
		if f.Required {
			required = append(required, f.Name)
		}
	}
	out := object{"type": "object", "properties": props, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return describe(out, d.Use(), d.Doc)
}

// names are the words that use may have for a definition.
func names(d *Def) []string {
	if d.Use() == d.Full() {
		return []string{d.Full()}
	}
	return []string{d.Use(), d.Full()}
}

// choice is any component of a role: its field use decides what else there is.
// A component that is not known here is left to kcgen vet.
func (l *Library) choice(d *Def) object {
	var known []string
	var rules []any
	for _, c := range l.Components(d.Role) {
		known = append(known, names(c)...)
		rules = append(rules, object{
			"if":   object{"properties": object{"use": object{"enum": names(c)}}, "required": []string{"use"}},
			"then": object{"$ref": ref(key(c))},
		})
	}
	use := object{"anyOf": []any{
		object{"enum": known},
		object{"type": "string", "pattern": `^[^/]+\.[^/]+/.+\.[A-Z][A-Za-z0-9]*$`, "not": object{"pattern": `^kcgen\.dev/`}},
	}}
	out := object{
		"type": "object", "required": []string{"use"},
		"properties": object{"use": describe(use, "", "Which "+RoleName(d.Role)+": its package and name, or for third parties its whole import path and name.")},
	}
	if len(rules) > 0 {
		out["allOf"] = rules
	}
	return describe(out, RoleName(d.Role), d.Doc)
}

func describe(s object, title, doc string) object {
	if title != "" {
		s["title"] = title
	}
	if doc != "" {
		s["description"] = strings.Join(strings.Fields(doc), " ")
	}
	return s
}
