package docs

import (
	"regexp"
	"strings"
	"testing"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"kcgen.dev/compiler/reference"
)

// ofCUE are words of CUE's own messages, which say nothing to who writes a spec.
var ofCUE = regexp.MustCompile(`field not allowed|conflicting values|mismatched types|empty disjunction|incomplete|undefined|_\|_|non-concrete|explicit error`)

// TestMistakesAreNamed: a value of a wrong kind is told for each field of each
// component, at that field and in words of this tool; so is a field that is not
// there.
func TestMistakesAreNamed(t *testing.T) {
	lib := builtin(t)
	for _, d := range lib.Components("") {
		t.Run(d.CUE(), func(t *testing.T) {
			t.Parallel()
			for i, f := range d.Fields {
				if testing.Short() && i%5 > 0 {
					continue // a second each for large ones; make test tries all
				}
				if !mistaken(t, lib, d, f.Name, `[{kcgen: 1}]`) && !mistaken(t, lib, d, f.Name, "1.5") {
					t.Errorf("%s may be anything", f.Name)
				}
			}
			if !mistaken(t, lib, d, "kcgenUnknown", "1") {
				t.Error("a field that is not there is taken")
			}
		})
	}
}

// mistaken says whether a value of a field is told as a mistake.
func mistaken(t *testing.T, lib *reference.Library, d *reference.Def, field, value string) (told bool) {
	t.Helper()
	imports, line, _ := strings.Cut(Example(lib, d), "\n\n")
	example := lib.ExampleOf(d)
	spec, bad := specOf(t, d, imports, strings.Replace(line, example, with(t, example, field, value), 1))
	for _, one := range bad {
		told = told || strings.Contains(one.Path, "."+field)
		if ofCUE.MatchString(one.Msg) {
			t.Errorf("%s\n%v", spec, one)
		}
	}
	return told
}

// with is the text of a component with another value of a field.
func with(t *testing.T, component, field, value string) string {
	t.Helper()
	parse := func(text string) ast.Expr {
		e, err := parser.ParseExpr("example", text)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e, v := parse(component), parse(value)
	both, ok := e.(*ast.BinaryExpr)
	if !ok {
		both = &ast.BinaryExpr{X: e, Op: token.AND, Y: &ast.StructLit{}}
	}
	s := both.Y.(*ast.StructLit)
	set := false
	for _, d := range s.Elts {
		f, ok := d.(*ast.Field)
		if name, _, _ := ast.LabelName(f.Label); ok && name == field {
			f.Value, set = v, true
		}
	}
	if !set {
		s.Elts = append(s.Elts, &ast.Field{Label: ast.NewIdent(field), Value: v})
	}
	text, err := format.Node(both)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
