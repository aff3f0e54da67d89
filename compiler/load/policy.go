package load

import (
	"fmt"
	"os"
	"path"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"kcgen.dev/compiler/diag"
)

// readPolicies reads the files of the policies, with what they import. They
// become files of the spec's package, so that their constraints are unified with
// what it says; they are not the user's, so that a fault is told at the spec's
// line, and names theirs.
func readPolicies(cfg Config, src *source, pkgs *packages) (files []*ast.File, ds diag.List) {
	for _, name := range cfg.Policies {
		policy, found := pkgs.policy(cfg, name)
		if len(found) > 0 {
			ds = append(ds, found...)
			continue
		}
		ds = append(ds, forbidden(policy)...)
		_, found = resolve(policy, pkgs) // what is unknown allows everything, and is told
		ds = append(ds, found...)
		for _, f := range policy.files {
			join(f, src.files[0].PackageName())
			files = append(files, f)
		}
	}
	return files, ds
}

// policy reads one policy: a file or a folder, or a package by its import path.
func (p *packages) policy(cfg Config, name string) (*source, diag.List) {
	abs, err := absolute(cfg.Dir, name)
	if err != nil {
		return nil, diag.List{{File: name, Msg: err.Error()}}
	}
	if _, err := os.Stat(abs); err == nil || !isImportPath(name) {
		policy, ds := read(cfg, name)
		if policy != nil && len(ds) == 0 && path.Ext(policy.files[0].Filename) != ".cue" {
			ds = diag.List{{File: policy.name, Msg: "a policy is CUE: a .cue file, a folder of them, or the import path of a package"}}
		}
		return policy, ds
	}
	found, err := p.find(name)
	if err != nil {
		return nil, diag.List{{File: name, Msg: "no such file, and no such policy: " + err.Error()}}
	}
	policy := &source{name: name}
	var ds diag.List
	for _, f := range found {
		syntax, bad := parseCUE(f.name, f.text)
		if ds = append(ds, bad...); syntax != nil {
			policy.files = append(policy.files, syntax)
		}
	}
	return policy, ds
}

// isImportPath says whether a name may be that of a package: example.com/policy.
func isImportPath(name string) bool {
	host, _, ok := strings.Cut(name, "/")
	return ok && strings.Contains(strings.Trim(host, "."), ".") && !strings.HasPrefix(name, ".")
}

// join makes a file one of a package; of none, where the spec has none.
func join(f *ast.File, pkg string) {
	for i, d := range f.Decls {
		p, ok := d.(*ast.Package)
		switch {
		case !ok:
		case pkg == "":
			f.Decls = append(f.Decls[:i:i], f.Decls[i+1:]...)
			return
		default:
			p.Name = &ast.Ident{NamePos: p.Name.NamePos, Name: pkg}
			return
		}
	}
	if pkg != "" {
		f.Decls = append([]ast.Decl{&ast.Package{Name: ast.NewIdent(pkg)}}, f.Decls...)
	}
}

// PolicyAt is where policies say something of a path of the spec, each as
// file:line:col.
func (s *Spec) PolicyAt(path string) (at []string) {
	v := s.Value.LookupPath(cue.ParsePath(path))
	_, args := v.Expr()
	seen := map[int]bool{}
	for _, a := range append(args, v) {
		if p := a.Pos(); s.isPolicy(p) && !seen[p.Line()] {
			seen[p.Line()] = true
			at = append(at, fmt.Sprintf("%s:%d:%d", p.Filename(), p.Line(), p.Column()))
		}
	}
	return at
}

func (s *Spec) isPolicy(p token.Pos) bool {
	for _, f := range s.policies {
		if p.IsValid() && p.Filename() == f.Filename {
			return true
		}
	}
	return false
}
