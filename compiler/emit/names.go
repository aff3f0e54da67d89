package emit

import (
	"cmp"
	"fmt"
	"go/token"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"kcgen.dev/compiler/plan"
)

// Packages that scalars need.
var (
	timePkg    = plan.Type{Path: "time", Pkg: "time"}
	connectPkg = plan.Type{Path: "kcgen.dev/runtime/connect", Pkg: "connect"}
	secretPkg  = plan.Type{Path: "kcgen.dev/runtime/secret", Pkg: "secret"}
	runtimePkg = plan.Type{Path: runtimePath, Pkg: "runtime"}
)

// imports are the program's imports: path → what the file calls it.
type imports struct {
	pkgs []plan.Type // sorted: time, kcgen.dev, others; who comes first has the name
	name map[string]string
}

var importPath = regexp.MustCompile(`^[a-zA-Z0-9._~-]+(/[a-zA-Z0-9._~-]+)*$`)

// nameImports finds the packages that a plan's program needs, and more, and
// names them: by their own names where nothing else has it, else with a number behind.
func nameImports(p *plan.Pipeline, more ...plan.Type) (*imports, error) {
	in := &imports{name: map[string]string{}}
	for _, pkg := range more {
		in.add(pkg)
	}
	if err := in.collect(p); err != nil {
		return nil, err
	}
	in.rename(map[string]bool{"main": true, "init": true, "pipeline": true, "Pipeline": true, "fused": true, "Fused": true, "_": true, "C": true})
	return in, nil
}

// rename gives each package a name of its own that is not taken.
func (in *imports) rename(taken map[string]bool) {
	slices.SortFunc(in.pkgs, func(a, b plan.Type) int {
		return cmp.Or(cmp.Compare(rank(a.Path), rank(b.Path)), cmp.Compare(a.Path, b.Path))
	})
	for _, pkg := range in.pkgs {
		name := pkg.Pkg
		for i := 2; taken[name] || types.Universe.Lookup(name) != nil; i++ {
			name = fmt.Sprintf("%s%d", pkg.Pkg, i)
		}
		taken[name] = true
		in.name[pkg.Path] = name
	}
}

func rank(path string) int {
	switch {
	case path == timePkg.Path:
		return 0
	case strings.HasPrefix(path, "kcgen.dev/"):
		return 1
	}
	return 2
}

// collect walks what is printed, and refuses names that are no identifiers.
func (in *imports) collect(p *plan.Pipeline) error {
	if p.Root == nil || p.Root.Type.Path != runtimePath {
		return fmt.Errorf("the plan's root is no %s.Pipeline", runtimePath)
	}
	in.add(runtimePkg)
	var err error
	plan.Walk(p.Root, func(n plan.Node) bool {
		if err == nil {
			err = in.node(n)
		}
		return err == nil
	})
	return err
}

func (in *imports) node(n plan.Node) error {
	switch n := n.(type) {
	case *plan.Struct:
		if n.Func {
			in.add(connectPkg)
		}
		for _, f := range n.Fields {
			if !token.IsIdentifier(f.Go) || !token.IsExported(f.Go) {
				return fmt.Errorf("%q is no exported Go identifier", f.Go)
			}
		}
		return in.named(n.Type)
	case *plan.List:
		return in.elem(n.Elem)
	case *plan.Map:
		if len(n.Keys) != len(n.Vals) {
			return fmt.Errorf("a map has %d keys and %d values", len(n.Keys), len(n.Vals))
		}
		return in.elem(n.Elem)
	case *plan.Lit:
		in.scalar(n.Kind)
		if n.Kind == plan.Duration && n.Int == plan.Forever {
			in.add(connectPkg)
		}
	}
	return nil
}

func (in *imports) elem(e plan.Elem) error {
	if e.Kind != 0 {
		in.scalar(e.Kind)
		return nil
	}
	return in.named(e.Type)
}

func (in *imports) scalar(k plan.Kind) {
	switch k {
	case plan.Duration:
		in.add(timePkg)
	case plan.Secret:
		in.add(secretPkg)
	}
}

func (in *imports) named(t plan.Type) error {
	if !importPath.MatchString(t.Path) || path.Clean(t.Path) != t.Path || t.Path == "C" {
		return fmt.Errorf("%q is no import path", t.Path)
	}
	if !token.IsIdentifier(t.Pkg) || !token.IsIdentifier(t.Name) || !token.IsExported(t.Name) {
		return fmt.Errorf("%q, %q is no package and exported type", t.Pkg, t.Name)
	}
	in.add(t)
	return nil
}

func (in *imports) add(t plan.Type) {
	if _, ok := in.name[t.Path]; !ok {
		in.name[t.Path] = t.Pkg
		in.pkgs = append(in.pkgs, plan.Type{Path: t.Path, Pkg: t.Pkg})
	}
}

// declare tells jennifer the names. It writes an import only where one is
// used, and an alias only where the path's last element does not say the name.
func (in *imports) declare(f *jen.File) {
	for _, pkg := range in.pkgs {
		if name := in.name[pkg.Path]; name == path.Base(pkg.Path) {
			f.ImportName(pkg.Path, name)
		} else {
			f.ImportAlias(pkg.Path, name)
		}
	}
}

func (in *imports) paths() map[string]bool {
	out := map[string]bool{}
	for _, pkg := range in.pkgs {
		out[pkg.Path] = true
	}
	return out
}
