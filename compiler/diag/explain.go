package diag

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"
)

// Subject is an evaluated spec, with or without mistakes.
type Subject struct {
	Name       string                              // the spec as the user named it
	Value      cue.Value                           // the spec, unified with Definition
	Definition cue.Value                           // schema.#Pipeline
	Schema     cue.Value                           // the package kcgen.dev/schema
	Package    func(path string) (cue.Value, bool) // an imported package
	IsUser     func(token.Pos) bool                // a position in the user's own files
	IsPolicy   func(token.Pos) bool                // a position in a policy's files
	Files      []*ast.File                         // the user's own files
	Stubs      []token.Pos                         // where an unknown name was replaced by _
	Components func(marker string) []string        // what fits, as the spec would name it
}

// Explain tells every mistake of a spec. It walks the spec and its definition
// side by side, so that an unknown field, a missing one and a bad value are
// all told in one round (CUE hides some behind others), and then adds what
// CUE says of places that the walk found no fault with.
func Explain(s Subject) List {
	x := &explainer{Subject: s, table: newTable(s.Schema), faults: map[string]bool{}, scratch: cuecontext.New()}
	root := &node{v: s.Value}
	x.object(root, x.table.definition(s.Definition), nil)
	x.rest()
	return x.redacted().Sorted()
}

type explainer struct {
	Subject
	table   *table
	ds      List
	faults  map[string]bool // paths that are told
	scratch *cue.Context    // for values that are not the spec's
	secrets []string        // literals that must not be shown
}

// node is one place of the spec. What the user's files say of it is looked up
// only where there is something to tell: that look-up is the dear part.
type node struct {
	path   string
	v      cue.Value
	parent *node

	looked bool
	given  []part
}

// parts is what the user's files say of the place.
func (x *explainer) parts(n *node) []part {
	if !n.looked {
		n.looked = true
		n.given = x.userParts(n.v)
	}
	return n.given
}

// block is the user's own label or brace of the nearest place around.
func (x *explainer) block(n *node) token.Pos {
	for ; n != nil; n = n.parent {
		if p := x.parts(n); n.parent != nil && len(p) > 0 {
			return p[0].label
		}
	}
	return x.top()
}

// value is where the user's own value begins; else the block.
func (x *explainer) value(n *node) token.Pos {
	if p := x.parts(n); len(p) > 0 {
		return p[0].value
	}
	return x.block(n)
}

// part is what one place of the user's files says of a value.
type part struct {
	label, value token.Pos
	v            cue.Value
	expr         ast.Expr
}

// userParts lists what the user's own files say of a value: the conjuncts of
// it that stand there.
func (x *explainer) userParts(v cue.Value) (parts []part) {
	conjuncts := []cue.Value{v}
	if op, args := v.Expr(); op == cue.AndOp {
		conjuncts = args
	}
	if p, ok := x.partOf(v); ok && len(conjuncts) > 1 && !slices.ContainsFunc(conjuncts, func(c cue.Value) bool { return x.isField(c) }) {
		return []part{p}
	}
	for _, c := range conjuncts {
		if p, ok := x.partOf(c); ok {
			parts = append(parts, p)
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return a.label.Compare(b.label) })
	return parts
}

func (x *explainer) isField(v cue.Value) bool {
	_, ok := v.Source().(*ast.Field)
	return ok
}

func (x *explainer) partOf(v cue.Value) (part, bool) {
	switch src := v.Source().(type) {
	case *ast.Field:
		if x.IsUser(src.Label.Pos()) && src.Value != nil {
			return part{label: src.Label.Pos(), value: src.Value.Pos(), v: v, expr: src.Value}, true
		}
	case ast.Expr:
		if x.IsUser(src.Pos()) {
			return part{label: src.Pos(), value: src.Pos(), v: v, expr: src}, true
		}
	}
	return part{}, false
}

// top is the place of the pipeline as a whole: the first thing in a file that
// is no import.
func (x *explainer) top() token.Pos {
	for _, f := range x.Files {
		for _, d := range f.Decls {
			switch d.(type) {
			case *ast.Package, *ast.ImportDecl, *ast.CommentGroup, *ast.Attribute:
			default:
				if p := d.Pos(); p.IsValid() {
					return p
				}
			}
		}
	}
	return token.NoPos
}

// say tells a mistake; declared are the schema's places that refused a value.
func (x *explainer) say(pos token.Pos, path, msg string, declared ...token.Pos) {
	d := Diag{Path: path, Msg: msg, File: x.Name}
	if pos.IsValid() {
		p := pos.Position()
		d.File, d.Line, d.Col = p.Filename, p.Line, p.Column
	}
	for _, at := range declared {
		if at.IsValid() && !x.IsUser(at) {
			d.At = append(d.At, at.Position().String())
		}
	}
	x.faults[path] = true
	x.ds = append(x.ds, d)
}

// visit judges one place by its definition.
func (x *explainer) visit(n *node, f *field) {
	switch f.shape() {
	case aComponent:
		x.component(n, f)
	case aStruct:
		if x.kindFits(n, f, cue.StructKind) {
			x.object(n, f.definition(x.table), nil)
		}
	case aList:
		if x.kindFits(n, f, cue.ListKind) {
			x.list(n, f)
		}
	case aData: // what is wrong in it, CUE says
	case aType:
		x.faults[n.path] = true // CUE would want it concrete
	default:
		x.leaf(n, f)
	}
}

// kindFits tells a value that is no struct, or no list, at all.
func (x *explainer) kindFits(n *node, f *field, want cue.Kind) bool {
	if n.v.IncompleteKind()&want != 0 {
		return true
	}
	p, ok := x.misfit(n, want)
	if !ok {
		return true
	}
	msg := fmt.Sprintf("%s is not %s", x.show(p, f), kindWord(want))
	if want == cue.ListKind {
		msg += x.asList(p, f)
	}
	x.say(p.value, n.path, msg, f.declared())
	return false
}

// misfit is the first of the user's parts that is good by itself and of no kind
// that is wanted.
func (x *explainer) misfit(n *node, want cue.Kind) (p part, ok bool) {
	for _, p := range x.parts(n) {
		if k := p.v.IncompleteKind(); p.v.Err() == nil && k != cue.BottomKind && k&want == 0 {
			return p, true
		}
	}
	return p, false
}

// asList is how a text is written as the list that is wanted: Kafka Connect
// has lists as one text, with commas between.
func (x *explainer) asList(p part, f *field) string {
	text, err := p.v.String()
	elem := f.element(x.table)
	if err != nil || elem == nil || elem.shape() != aLeaf || elem.value.IncompleteKind()&cue.StringKind == 0 || len(text) > 80 || x.table.fieldRule(elem).secret {
		return ""
	}
	words := strings.Split(text, ",")
	for i, w := range words {
		words[i] = strconv.Quote(strings.TrimSpace(w))
	}
	return "; write [" + strings.Join(words, ", ") + "]"
}

// object walks a struct. Outer is the definition around it, for a field that
// stands one level too deep.
func (x *explainer) object(n *node, def, outer *definition) {
	// needed are fields that a condition of the definition asks for; meant are
	// those that a misspelled one stands for.
	present, needed, meant := map[string]bool{}, map[string]cue.Value{}, map[string]bool{}
	it, err := n.v.Fields(cue.Optional(true))
	if err != nil {
		x.given(n, def)
		return // what else there is, rest tells
	}
	for it.Next() {
		x.unknownToPolicy(n, it.Selector(), it.Value(), def)
		switch t := it.FieldType(); {
		case t&cue.RequiredConstraint != 0:
			needed[it.Selector().Unquoted()] = it.Value()
			continue
		case t&cue.OptionalConstraint != 0:
			continue
		}
		name := it.Selector().Unquoted()
		present[name] = true
		path := join(n.path, name)
		c := &node{path: path, v: it.Value(), parent: n}
		switch f := def.field(name); {
		case f != nil:
			if f.shape() == aStruct && x.kindFits(c, f, cue.StructKind) {
				x.object(c, f.definition(x.table), def)
			} else if f.shape() != aStruct {
				x.visit(c, f)
			}
		case def.names.Exists():
			x.name(c, name, def)
			x.visit(c, def.elem)
		case def.open || len(x.parts(c)) == 0:
		case n.parent == nil && c.v.LookupPath(cue.MakePath(cue.Str("kafka"))).Exists():
			x.say(x.block(c), path, "the pipeline stands at the top of the spec, not in a field")
			x.faults[""] = true // what is missing at the top is there
			return
		default:
			msg, near := x.unknown(name, def, outer)
			x.say(x.block(c), path, msg)
			meant[near] = true
		}
	}
	for _, f := range def.fields {
		asked, needs := needed[f.name]
		if (f.required || needs) && !present[f.name] && !meant[f.name] && !x.stubbed(n) {
			x.say(x.block(n), join(n.path, f.name), "required field is missing"+f.about(), x.policies(asked)...)
		}
	}
	if def.field("when") != nil && def.field("unless") != nil && present["when"] && present["unless"] {
		path := join(n.path, "unless")
		unless := &node{path: path, v: n.v.LookupPath(cue.MakePath(cue.Str("unless"))), parent: n}
		x.say(x.block(unless), path,
			"when and unless are both given; a step has one of them")
	}
}

// given judges the scalars and lists of a struct that CUE gives up, as one is
// where a value of the wrong kind stands in a condition of the definition's.
func (x *explainer) given(n *node, def *definition) {
	for _, f := range def.fields {
		if s := f.shape(); s != aLeaf && s != aList {
			continue
		}
		c := &node{path: join(n.path, f.name), v: n.v.LookupPath(cue.MakePath(cue.Str(f.name))), parent: n}
		if len(x.parts(c)) > 0 {
			x.visit(c, f)
		}
	}
}

// name judges a name that the user chose: of a connector, of a group.
func (x *explainer) name(n *node, name string, def *definition) {
	if def.names.Unify(x.scratch.Encode(name)).Err() == nil {
		return
	}
	rule := x.table.rule(def.names)
	msg := "is not a valid name"
	if rule.text != "" {
		msg = rule.text
	}
	x.say(x.block(n), n.path, fmt.Sprintf("%s: %s", quote(name), msg), def.names.Pos())
}

// unknown says what an unknown field may have been meant to be, and the field
// near it: that one is not missing as well.
func (x *explainer) unknown(name string, def, outer *definition) (msg, near string) {
	const unknown = "unknown field"
	if near := Nearest(name, def.names0()); near != "" {
		return unknown + "; did you mean " + near + "?", near
	}
	if outer != nil && outer.field(name) != nil {
		return unknown + "; it belongs one level up", ""
	}
	for _, f := range def.fields {
		if f.shape() == aStruct && f.definition(x.table).field(name) != nil {
			return unknown + "; it belongs in " + f.name, ""
		}
	}
	if known := def.names0(); len(known) > 0 && len(known) <= 10 {
		return unknown + "; there are " + strings.Join(known, ", "), ""
	}
	return unknown, ""
}

// list walks the elements of a list.
func (x *explainer) list(n *node, f *field) {
	elem := f.element(x.table)
	count := 0
	for i := 0; ; i++ {
		v := n.v.LookupPath(cue.MakePath(cue.Index(i)))
		if !v.Exists() {
			break
		}
		count++
		path := fmt.Sprintf("%s[%d]", n.path, i)
		if elem != nil {
			x.visit(&node{path: path, v: v, parent: n}, elem)
		}
	}
	if n.v.Err() != nil && !x.covered(n.path) && x.refusedList(n, f) {
		return
	}
	if least := f.least(); least > 0 && n.v.Err() != nil && userLen(x.parts(n)) < least {
		x.say(x.value(n), n.path, fmt.Sprintf("must have at least %d element%s", least, map[bool]string{true: "s"}[least != 1]), f.declared())
	}
}

// refusedList tells what the schema says of a list that it refuses, where CUE has
// no cause to tell.
func (x *explainer) refusedList(n *node, f *field) bool {
	given, rule := concrete(x.parts(n)), x.table.fieldRule(f)
	caused := func(e errors.Error) bool { return pathOf(e.Path()) == n.path && vague(e) < noCause }
	if len(given) == 0 || rule.text == "" || slices.ContainsFunc(errors.Errors(n.v.Validate()), caused) {
		return false
	}
	x.say(given[0].value, n.path, x.show(given[0], f)+": "+rule.text, f.declared())
	return true
}

// userLen is the length of the user's own list.
func userLen(parts []part) int {
	for _, p := range parts {
		if l, err := p.v.Len().Int64(); err == nil {
			return int(l)
		}
	}
	return 1 << 30
}

// component judges a connector, converter, transform or predicate by the
// definition that its marker names.
func (x *explainer) component(n *node, f *field) {
	want := f.marker()
	if n.v.IncompleteKind()&cue.StructKind == 0 {
		if _, ok := x.misfit(n, cue.StructKind); ok {
			x.wrongComponent(n, want, nil)
			return
		}
	}
	var has []string
	for _, m := range markers {
		if v := n.v.LookupPath(cue.MakePath(cue.Def(m))); v.Exists() && v.IncompleteKind() == cue.StringKind || v.Err() != nil && v.Exists() {
			if s, err := v.String(); err == nil {
				has = append(has, m+" "+s)
			} else if v.Err() != nil {
				x.say(x.value(n), n.path, "two components are merged into one; name a single one")
				return
			}
		}
	}
	for _, h := range has {
		kind, name, _ := strings.Cut(h, " ")
		if kind != want {
			continue
		}
		pkg, def, ok := cutMarker(name)
		v, found := x.Package(pkg)
		if !ok || !found {
			x.say(x.value(n), n.path, fmt.Sprintf("the component's #%s is %s, and no imported package has that name", want, quote(name)))
			return
		}
		d := v.LookupPath(cue.MakePath(cue.Def(def)))
		if !d.Exists() {
			x.say(x.value(n), n.path, fmt.Sprintf("the component's #%s is %s, but package %s has no #%s", want, quote(name), pkg, def))
			return
		}
		x.object(n, x.table.component(name, d), nil)
		return
	}
	if x.stubbed(n) {
		x.faults[n.path] = true // told at its name
		return
	}
	x.wrongComponent(n, want, has)
}

// wrongComponent says what stands where a component of another kind belongs.
func (x *explainer) wrongComponent(n *node, want string, has []string) {
	// A component is named as the file's language has it.
	named, how := func(s string) string { return s }, "is a definition, as PACKAGE.#%s & {…}"
	if isData(x.value(n)) {
		named, how = func(s string) string { return strings.ReplaceAll(s, ".#", ".") }, "is named by use, as use: PACKAGE.%s"
	}
	fits := ""
	if all := x.Components("#" + want); len(all) > 0 {
		fits = "; what fits: " + named(strings.Join(all, ", "))
	}
	if len(has) > 0 {
		kind, name, _ := strings.Cut(has[0], " ")
		x.say(x.value(n), n.path, fmt.Sprintf("%s is %s; %s is wanted here%s", named(spoken(name)), kindOf[kind], kindOf[want], fits))
		return
	}
	if p, ok := x.misfit(n, cue.StructKind); ok {
		x.say(p.value, n.path, fmt.Sprintf("%s is not %s%s", x.show(p, nil), kindOf[want], fits))
		return
	}
	x.say(x.value(n), n.path, "names no component: "+kindOf[want]+" "+fmt.Sprintf(how, exampleOf[want])+fits)
}

// isData says whether a place is in YAML or JSON.
func isData(p token.Pos) bool { return p.IsValid() && !strings.HasSuffix(p.Filename(), ".cue") }

// stubbed says whether a place holds, or refers to, an unknown name that is
// told already: what is missing there is not the user's second mistake.
func (x *explainer) stubbed(n *node) bool {
	if len(x.Stubs) == 0 {
		return false
	}
	for _, p := range x.parts(n) {
		from, to := p.expr.Pos(), p.expr.End()
		for _, s := range x.Stubs {
			if s.Filename() == from.Filename() && s.Offset() >= from.Offset() && (!to.IsValid() || s.Offset() <= to.Offset()) {
				return true
			}
		}
		if _, isStruct := p.expr.(*ast.StructLit); !isStruct && p.expr.Pos().IsValid() {
			if id, ok := p.expr.(*ast.Ident); ok && id.Name != "_" {
				return true
			}
		}
	}
	return false
}

// redacted takes every secret that the spec holds out of the messages, and what
// may be one: the login of a URL.
func (x *explainer) redacted() List {
	for i := range x.ds {
		x.ds[i].Msg = maskLogin(x.ds[i].Msg)
		for _, s := range x.secrets {
			if len(s) > 0 && strings.Contains(x.ds[i].Msg, s) {
				x.ds[i].Msg = strings.ReplaceAll(x.ds[i].Msg, s, "…")
			}
		}
	}
	return x.ds
}
