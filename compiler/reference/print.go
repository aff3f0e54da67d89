package reference

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Print writes what is known of what was found.
func (l *Library) Print(w io.Writer, f Found) error {
	var b strings.Builder
	switch {
	case f.Field != nil:
		l.printField(&b, f.Field, f.Def)
	case f.Def != nil:
		l.printDef(&b, f.Def)
	case f.Package != nil:
		l.printPackage(&b, f.Package)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (l *Library) printField(b *strings.Builder, f *Field, target *Def) {
	fmt.Fprintf(b, "%s of %s: %s\n", f.Name, f.Def.CUE(), l.brief(f))
	if c := l.Constraint(f); c != "" {
		fmt.Fprintf(b, "  %s\n", c)
	}
	paragraph(b, f.Doc)
	if target != nil && target.Any {
		l.printChoices(b, target.Role)
	} else if target != nil && len(target.Fields) > 0 {
		l.printFields(b, target)
	}
	fmt.Fprintf(b, "\nExample:\n  %s\n", l.Example(f))
	fmt.Fprintf(b, "\nDeclared at %s\n", f.Place)
}

func (l *Library) printDef(b *strings.Builder, d *Def) {
	switch {
	case d.Any:
		fmt.Fprintf(b, "%s: any %s\n", d.CUE(), RoleName(d.Role))
	case d.Role != "":
		fmt.Fprintf(b, "%s: a %s, import %q\n", d.CUE(), RoleName(d.Role), d.Package.Path)
	case len(d.Fields) == 0:
		fmt.Fprintf(b, "%s: %s\n", d.CUE(), l.typeOf(d.scope, d.expr))
		if c := l.constraint(d.scope, d.expr, 0); c != "" {
			fmt.Fprintf(b, "  %s\n", c)
		}
	default:
		fmt.Fprintf(b, "%s\n", d.CUE())
	}
	paragraph(b, d.Doc)
	if d.Any {
		l.printChoices(b, d.Role)
	} else {
		l.printFields(b, d)
	}
	fmt.Fprintf(b, "\nExample:\n  %s\n", l.exampleOf(d, 0))
	fmt.Fprintf(b, "\nDeclared at %s\n", d.Place)
}

func (l *Library) printPackage(b *strings.Builder, p *Package) {
	fmt.Fprintf(b, "package %s, import %q\n\n", p.Name, p.Path)
	table(b, func(row func(...string)) {
		for _, d := range p.Defs {
			row(d.CUE(), Sentence(d.Doc))
		}
	})
}

func (l *Library) printFields(b *strings.Builder, d *Def) {
	if len(d.Fields) == 0 {
		return
	}
	b.WriteString("\nFields:\n")
	table(b, func(row func(...string)) {
		for _, f := range d.Fields {
			row(f.Name, l.brief(f), Sentence(f.Doc))
		}
	})
}

func (l *Library) printChoices(b *strings.Builder, role string) {
	b.WriteString("\nThere are:\n")
	table(b, func(row func(...string)) {
		for _, c := range l.Components(role) {
			row(c.CUE(), Sentence(c.Doc))
		}
	})
}

// brief is a field's type with its default.
func (l *Library) brief(f *Field) string {
	s := l.Type(f)
	if f.Required {
		s += ", required"
	}
	if f.Default != "" {
		s += ", default " + f.Default
	}
	return s
}

func paragraph(b *strings.Builder, doc string) {
	if doc == "" {
		return
	}
	b.WriteByte('\n')
	for line := range strings.Lines(doc + "\n") {
		b.WriteString(strings.TrimRight("  "+line, " \n") + "\n")
	}
}

// table writes rows of cells, each row indented.
func table(b *strings.Builder, rows func(row func(...string))) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	rows(func(cells ...string) {
		fmt.Fprintf(w, "  %s\n", strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	})
	w.Flush()
}
