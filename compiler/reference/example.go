package reference

import (
	"strings"

	"cuelang.org/go/cue/ast"
)

// examples are values of the leaf definitions of package schema, and of those
// whose required fields alone are no good value.
var examples = map[string]string{
	"File": `"orders.avsc"`, "RegistryURL": `"http://registry:8081"`,
	"CUE": `{id!: int64, name?: string}`, "DataSchema": `{cue: {id!: int64, name?: string}}`, "RecordSchema": `{value: {cue: {id!: int64, name?: string}}}`,
	"Data": `{id: 1}`, "TestRecord": `{value: {id: 1}}`, "Test": `{source: "orders", in: {value: {id: 1}}, out: {value: {id: 1}}}`,
	"Duration": `"30s"`, "Positive": `"30s"`, "Room": `"64MiB"`, "Timeout": `"5m"`, "Bytes": `"64MiB"`, "Name": `"orders"`, "Topic": `"orders"`,
	"Secret": `"${env:PASSWORD}"`, "Ref": `"${env:NAME}"`, "Text": `"…"`,
}

// Example is a line that a spec might have.
func (l *Library) Example(f *Field) string { return f.Name + ": " + l.example(f.scope, f, f.expr, 0) }

// ExampleOf is a value of a definition that a spec might have.
func (l *Library) ExampleOf(d *Def) string { return l.exampleOf(d, 0) }

func (l *Library) example(s *scope, f *Field, e ast.Expr, depth int) string {
	if depth > 4 {
		return "…"
	}
	if words := enum(e); len(words) > 0 {
		return otherThan(defaultOf(e), words)
	}
	if d := l.resolve(s, e); d != nil {
		return l.exampleOf(d, depth)
	}
	if d := defaultOf(e); d == "true" || d == "false" {
		return map[string]string{"true": "false", "false": "true"}[d]
	} else if d != "" {
		return d
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return l.example(s, f, e.X, depth)
	case *ast.BinaryExpr:
		return l.example(s, f, e.X, depth)
	case *ast.ListLit:
		if elem := elemOf(e); elem != nil {
			return "[" + l.example(s, f, elem, depth+1) + "]"
		}
	case *ast.StructLit:
		if _, v := patternOf(e); v != nil {
			return "{orders: " + l.example(s, f, v, depth+1) + "}"
		}
	case *ast.Ident:
		if e.Name == "int" || e.Name == "number" {
			return "100"
		}
	}
	return `"…"`
}

func (l *Library) exampleOf(d *Def, depth int) string {
	if d.Any {
		if c := l.Components(d.Role); len(c) > 0 {
			return component(l, c[0], depth)
		}
	}
	if d.Role != "" {
		return component(l, d, depth)
	}
	if ex := examples[d.Name]; ex != "" && d.Package.Path == Schema {
		return ex
	}
	if len(d.Fields) > 0 {
		return l.structExample(d, depth)
	}
	return l.example(d.scope, nil, d.expr, depth+1)
}

func component(l *Library, d *Def, depth int) string {
	if body := l.structExample(d, depth); body != "{}" {
		return d.CUE() + " & " + body
	}
	return d.CUE()
}

// structExample gives the fields that the definition has for that, in @example
// behind its marker, or else the required ones.
func (l *Library) structExample(d *Def, depth int) string {
	if d.example != "" {
		return "{" + d.example + "}"
	}
	var parts []string
	for _, f := range d.Fields {
		if f.Required {
			parts = append(parts, f.Name+": "+l.example(f.scope, f, f.expr, depth+1))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// otherThan is the first of the words that is not the default.
func otherThan(def string, words []string) string {
	for _, w := range words {
		if w != def {
			return w
		}
	}
	return words[0]
}
