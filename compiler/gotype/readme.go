package gotype

import (
	"bytes"
	"fmt"
	"strings"

	"kcgen.dev/compiler/emit/safe"
	"kcgen.dev/compiler/plan"
)

// The lines between which a README has its option tables.
const (
	tablesBegin = "<!-- kcgen types -->"
	tablesEnd   = "<!-- /kcgen types -->"
)

// HasTables says whether a README wants option tables.
func HasTables(readme []byte) bool {
	_, _, ok := tables(readme)
	return ok
}

func tables(readme []byte) (from, to int, ok bool) {
	from = bytes.Index(readme, []byte(tablesBegin+"\n"))
	if from < 0 {
		return 0, 0, false
	}
	from += len(tablesBegin) + 1
	size := bytes.Index(readme[from:], []byte(tablesEnd))
	return from, from + size, size >= 0
}

// Readme replaces the option tables of a README by those of a package's
// definitions: each field with its type, its default and what it means. A
// README without the two marks stays as it is.
func Readme(readme []byte, defs []*Def) []byte {
	from, to, ok := tables(readme)
	if !ok {
		return readme
	}
	var b bytes.Buffer
	b.Write(readme[:from])
	for _, d := range defs {
		table(&b, d)
	}
	b.WriteString("\n")
	b.Write(readme[to:])
	return b.Bytes()
}

func table(b *bytes.Buffer, d *Def) {
	fmt.Fprintf(b, "\n### %s\n\n", d.Name)
	if len(d.Doc) > 0 {
		fmt.Fprintf(b, "%s\n\n", prose(d.Doc))
	}
	if len(d.Fields) == 0 {
		b.WriteString("It has no fields.\n")
		return
	}
	b.WriteString("| field | type | default | meaning |\n|---|---|---|---|\n")
	for _, f := range d.Fields {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.Name, cell(f.Type.Words()), fallback(f), cell(prose(f.Doc)))
	}
}

// prose is a comment as one line of Markdown; a blank line becomes a break.
func prose(lines []string) string {
	return strings.ReplaceAll(safe.Text(strings.Join(lines, " ")), "<", "&lt;")
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// fallback is what a field is where the spec says nothing.
func fallback(f Field) string {
	switch {
	case f.Required:
		return "*required*"
	case !f.Default.Exists():
		return ""
	}
	text, err := f.Default.MarshalJSON()
	if err != nil {
		return ""
	}
	return "`" + cell(safe.Text(string(text))) + "`"
}

// Words is the type as a user of CUE knows it.
func (t *Type) Words() string {
	switch t.Form {
	case Scalar:
		return t.scalarWords()
	case Struct:
		return "`#" + t.Go.Name + "`"
	case Component:
		return "a " + strings.ToLower(t.Go.Name)
	case List:
		return "list of " + t.Elem.Words()
	case Keyed:
		return "map from names to " + t.Elem.Words()
	}
	return "map to " + t.Elem.Words()
}

func (t *Type) scalarWords() string {
	if len(t.Enum) > 0 {
		quoted := make([]string, len(t.Enum))
		for i, e := range t.Enum {
			quoted[i] = fmt.Sprintf("`%q`", e)
		}
		return strings.Join(quoted, ", ")
	}
	switch t.Kind {
	case plan.Float:
		return "number"
	case plan.Duration:
		return "duration"
	case plan.Bytes:
		return "size"
	case plan.Secret:
		return "secret"
	case plan.File:
		return "file"
	case plan.Data:
		return "any data"
	case plan.Schema:
		return "CUE type"
	}
	return t.Kind.String()
}
