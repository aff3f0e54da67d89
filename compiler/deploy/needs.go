package deploy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/compiler/plan"
)

// A Variable is an environment variable that the spec names.
type Variable struct {
	Name    string
	Secret  bool
	Value   string   // what suits the files beside it; empty: a person has to say
	UsedFor []string // fields of the spec
}

// For says whether a field hangs on the variable.
func (v *Variable) For(field string) bool { return slices.Contains(v.UsedFor, field) }

// reference is ${env:NAME}, ${file:PATH:KEY} or ${dir:PATH:FILE}.
var reference = regexp.MustCompile(`\$\{(env|file|dir):([^{}]*)\}`)

// needs are the variables and files that a spec names, in its order.
type needs struct {
	variables []*Variable
	files     []found
	largest   map[string]int64 // of the sizes in bytes of a name that are set
}

// found is a file that the spec names, or a reference in it.
type found struct {
	name string // with references, as written
	kind string // given, read, write …: see package gotype
	path string // the field
}

// needsOf walks over what the program reads; what is for the build alone is no
// part of it.
func needsOf(root *plan.Struct) *needs {
	n := &needs{largest: map[string]int64{}}
	n.node(root, plan.Field{}, "")
	return n
}

func (n *needs) node(node plan.Node, f plan.Field, at string) {
	switch v := node.(type) {
	case *plan.Struct:
		for _, f := range v.Fields {
			n.node(f.Value, f, below(at, f.Name))
		}
	case *plan.List:
		for i, e := range v.Elems {
			n.node(e, f, n.element(v, i, at))
		}
	case *plan.Map:
		for i, key := range v.Keys {
			n.node(v.Vals[i], f, below(at, key))
		}
	case *plan.Lit:
		switch v.Kind {
		case plan.String, plan.Secret:
			n.text(v, f, at)
		case plan.Bytes:
			n.largest[f.Name] = max(n.largest[f.Name], v.Int)
		}
	}
}

// element is the path of a list's element; of a map in the spec, its key.
func (n *needs) element(l *plan.List, i int, at string) string {
	if s, ok := l.Elems[i].(*plan.Struct); ok && l.Named {
		return below(at, s.Key())
	}
	return fmt.Sprintf("%s[%d]", at, i)
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// below is a path that stands in comments, so it is one line whatever a key is.
func below(at, name string) string {
	if !plainName.MatchString(name) {
		name = tame(strconv.QuoteToASCII(name))
	}
	return strings.TrimPrefix(at+"."+name, ".")
}

func (n *needs) text(l *plan.Lit, f plan.Field, at string) {
	if f.File != "" {
		n.files = append(n.files, found{l.Str, f.File, at})
	}
	for _, m := range reference.FindAllStringSubmatch(l.Str, -1) {
		switch kind, body := m[1], m[2]; kind {
		case "env":
			n.variable(body, l.Kind == plan.Secret, at)
		case "file":
			file, _, _ := strings.Cut(body, ":")
			n.files = append(n.files, found{file, "given", at})
		case "dir":
			dir, file, _ := strings.Cut(body, ":")
			n.files = append(n.files, found{dir + "/" + file, "given", at})
		}
	}
}

// variable notes a variable. One that is a secret somewhere is one everywhere.
func (n *needs) variable(name string, secret bool, at string) {
	i := slices.IndexFunc(n.variables, func(v *Variable) bool { return v.Name == name })
	if i < 0 {
		i = len(n.variables)
		n.variables = append(n.variables, &Variable{Name: name})
	}
	v := n.variables[i]
	v.Secret = v.Secret || secret
	if !slices.Contains(v.UsedFor, at) {
		v.UsedFor = append(v.UsedFor, at)
	}
}
