package reference

import (
	"fmt"
	"regexp"
	"strings"

	"cuelang.org/go/cue/ast"

	"kcgen.dev/compiler/diag"
)

// Found is what a path names: a Package, a Def or a Field. A Field that holds
// a definition has it in Def too.
type Found struct {
	Package *Package
	Def     *Def
	Field   *Field
}

var index = regexp.MustCompile(`\[[0-9]*\]`)

// Find looks up what a user names: a field of the pipeline ("sources.errors",
// also as a fault names it: "sources.orders.transforms[0].do"), a definition
// ("filestream.Source", "schema.Duration", or with its whole import path), a
// definition's field ("filestream.Source.batchSize"), or a package.
func (l *Library) Find(name string) (Found, error) {
	name = index.ReplaceAllString(strings.ReplaceAll(name, "#", ""), "")
	dir, rest := "", name
	if i := strings.LastIndex(name, "/"); i >= 0 {
		dir, rest = name[:i+1], name[i+1:]
	}
	words := strings.Split(rest, ".")
	if dir != "" {
		return l.inPackage(dir+words[0], words[1:])
	}
	if root := l.Pipeline(); root != nil && root.Field(words[0]) != nil {
		return l.inDef(root, words, "")
	}
	var known []string
	for _, p := range l.Packages() {
		if p.Name == words[0] {
			return l.inPackage(p.Path, words[1:])
		}
		known = append(known, p.Name)
	}
	if len(words) == 1 {
		if d := l.byName(words[0]); d != nil {
			return Found{Def: d}, nil
		}
	}
	if root := l.Pipeline(); root != nil {
		known = append(known, fieldNames(root)...)
	}
	return Found{}, fmt.Errorf("%s: no such field or package%s", words[0], near(words[0], known))
}

// byName is the only definition of that name, or nil.
func (l *Library) byName(name string) (found *Def) {
	for _, p := range l.Packages() {
		if d := p.def(name); d != nil {
			if found != nil {
				return nil
			}
			found = d
		}
	}
	return found
}

func (l *Library) inPackage(importPath string, words []string) (Found, error) {
	p := l.packages[importPath]
	if p == nil {
		var known []string
		for _, p := range l.Packages() {
			known = append(known, p.Path)
		}
		return Found{}, fmt.Errorf("%s: no such package%s", importPath, near(importPath, known))
	}
	if len(words) == 0 {
		return Found{Package: p}, nil
	}
	d := p.def(words[0])
	if d == nil {
		var known []string
		for _, d := range p.Defs {
			known = append(known, d.Name)
		}
		return Found{}, fmt.Errorf("%s.%s: package %s has no such definition%s", p.Name, words[0], p.Path, diag.DidYouMean(words[0], known))
	}
	return l.inDef(d, words[1:], p.Name+"."+d.Name)
}

// inDef follows fields down from a definition.
func (l *Library) inDef(d *Def, words []string, at string) (Found, error) {
	found := Found{Def: d}
	for i, w := range words {
		f := d.Field(w)
		if f == nil && i > 0 && l.isMap(found.Field) {
			continue // a name that the user gave: sources.orders
		}
		if f == nil {
			return Found{}, fmt.Errorf("%s: no such field of %s%s", join(at, w), d.CUE(), diag.DidYouMean(w, fieldNames(d)))
		}
		at = join(at, w)
		found.Field, found.Def = f, l.target(f.scope, f.expr)
		if i == len(words)-1 {
			break
		}
		if found.Def == nil {
			return Found{}, fmt.Errorf("%s: %s has no fields", join(at, words[i+1]), at)
		}
		if d = found.Def; d.Any {
			return Found{}, fmt.Errorf("%s: what it has depends on the component; name that, as in kcgen explain %s", join(at, words[i+1]), l.anyOf(d))
		}
	}
	return found, nil
}

func (l *Library) anyOf(d *Def) string {
	if c := l.Components(d.Role); len(c) > 0 {
		return c[0].Use()
	}
	return d.Package.Name + "." + d.Name
}

func (l *Library) isMap(f *Field) bool {
	if f == nil {
		return false
	}
	s, ok := f.expr.(*ast.StructLit)
	if !ok {
		return false
	}
	_, v := patternOf(s)
	return v != nil
}

// target is the struct or component that a field holds, through lists and maps.
func (l *Library) target(s *scope, e ast.Expr) *Def {
	if d := l.resolve(s, e); d != nil {
		if len(d.Fields) > 0 || d.Role != "" {
			return d
		}
		return nil
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return l.target(s, e.X)
	case *ast.ListLit:
		if elem := elemOf(e); elem != nil {
			return l.target(s, elem)
		}
	case *ast.StructLit:
		if _, v := patternOf(e); v != nil {
			return l.target(s, v)
		}
	}
	return nil
}

func fieldNames(d *Def) []string {
	var out []string
	for _, f := range d.Fields {
		out = append(out, f.Name)
	}
	return out
}

func join(at, word string) string {
	if at == "" {
		return word
	}
	return at + "." + word
}

// near says what a word may have meant, or else where to look.
func near(word string, known []string) string {
	if s := diag.DidYouMean(word, known); s != "" {
		return s
	}
	return "; kcgen list shows all components"
}
