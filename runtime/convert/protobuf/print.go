package protobuf

import (
	"fmt"
	"strings"
)

// String is the text of a generated file, byte for byte as Confluent registers
// it (ProtobufSchema.canonicalString).
func (g *generated) String() string {
	if g.root.full != "" && g.file.pkg == "google.protobuf" {
		return wrappersText
	}
	return g.file.text()
}

func (f *file) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "syntax = %q;\n", f.syntax)
	if f.pkg != "" {
		fmt.Fprintf(&b, "package %s;\n", f.pkg)
	}
	if len(f.imports) > 0 {
		b.WriteByte('\n')
	}
	for _, i := range f.imports {
		fmt.Fprintf(&b, "import %q;\n", i)
	}
	b.WriteByte('\n')
	for _, m := range f.messages {
		b.WriteString(m.text())
	}
	return b.String()
}

// text is the declaration of a message: its fields, its oneofs, its messages,
// its enums, and a line between each two of these but the last.
func (m *message) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "message %s {", m.name)
	m.writeFields(&b)
	m.writeOneofs(&b)
	if len(m.messages)+len(m.enums) > 0 {
		b.WriteByte('\n')
	}
	for _, n := range m.messages {
		indent(&b, n.text())
	}
	for _, e := range m.enums {
		indent(&b, e.text())
	}
	b.WriteString("}\n")
	return b.String()
}

func (m *message) writeFields(b *strings.Builder) {
	first := true
	for _, f := range m.fields {
		if f.oneof >= 0 {
			continue
		}
		if first {
			b.WriteByte('\n')
			first = false
		}
		indent(b, f.text())
	}
}

func (m *message) writeOneofs(b *strings.Builder) {
	first := true
	for i, name := range m.oneofs {
		var fields strings.Builder
		for _, f := range m.fields {
			if f.oneof == i {
				indent(&fields, f.text())
			}
		}
		if fields.Len() == 0 {
			continue
		}
		if first {
			b.WriteByte('\n')
			first = false
		}
		indent(b, "oneof "+name+" {\n"+fields.String()+"}\n")
	}
}

func (f *field) text() string {
	var b strings.Builder
	switch {
	case f.repeated:
		b.WriteString("repeated ")
	case f.optional:
		b.WriteString("optional ")
	}
	name := f.typeName
	if name == "" {
		name = f.kind.String()
	}
	fmt.Fprintf(&b, "%s %s = %d", name, f.name, f.number)
	if len(f.meta) > 0 {
		b.WriteString(" [(confluent.field_meta) = {\n")
		indent(&b, "params: [\n"+paramsText(f.meta)+"]")
		b.WriteString("}]")
	}
	b.WriteString(";\n")
	return b.String()
}

// paramsText are parameters as a list. Those of decimals have their value
// before their key.
func paramsText(all []param) string {
	var b strings.Builder
	for i, p := range all {
		end := ","
		if i == len(all)-1 {
			end = ""
		}
		first, second := "key: "+quote(p.key), "value: "+quote(p.value)
		if p.key == "precision" || p.key == "scale" {
			first, second = second, first
		}
		indent(&b, "{\n  "+first+",\n  "+second+"\n}"+end)
	}
	return b.String()
}

func (e *enum) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "enum %s {\n", e.name)
	for _, v := range e.values {
		fmt.Fprintf(&b, "  %s = %d;\n", v.name, v.number)
	}
	b.WriteString("}\n")
	return b.String()
}

// indent writes lines two spaces to the right, empty ones too.
func indent(b *strings.Builder, lines string) {
	for line := range strings.SplitSeq(strings.TrimSuffix(lines, "\n"), "\n") {
		b.WriteString("  ")
		b.WriteString(line)
		b.WriteByte('\n')
	}
}

// quote is a string with the escapes that Confluent writes.
func quote(s string) string { return `"` + escapes.Replace(s) + `"` }

var escapes = strings.NewReplacer("\a", `\a`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\v", `\v`,
	`\`, `\\`, `'`, `\'`, `"`, `\"`)
