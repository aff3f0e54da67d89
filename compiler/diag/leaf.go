package diag

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"
)

// leaf judges one scalar.
func (x *explainer) leaf(n *node, f *field) {
	rule := x.table.fieldRule(f)
	if n.v.Err() == nil {
		if v, _ := n.v.Default(); v.IsConcrete() {
			if s, err := v.String(); err == nil && badReference(s, false) != "" {
				x.reference(n)
			}
			return
		}
		if len(x.parts(n)) > 0 {
			x.notConcrete(n, f)
		}
		return
	}
	if len(x.parts(n)) == 0 {
		return // told by rest
	}
	given := concrete(x.parts(n))
	if rule.secret {
		x.secret(n, given)
		return
	}
	if len(given) == 0 {
		if x.stubbed(n) {
			x.faults[n.path] = true // told at its name
		}
		return
	}
	for _, g := range given[1:] {
		if !g.v.Equals(given[0].v) {
			x.say(g.value, n.path, fmt.Sprintf("is given twice: %s here, %s at %s", x.show(g, f), x.show(given[0], f), given[0].value))
			return
		}
	}
	if x.reference(n) {
		return
	}
	if x.againstPolicy(n, given[0]) {
		return
	}
	f, rule = x.refusing(n, f, given[0])
	msg, at := x.refusal(given[0], f, rule)
	x.say(given[0].value, n.path, msg, at)
}

// notConcrete tells a type where a value belongs, and two defaults, of which
// CUE takes neither.
func (x *explainer) notConcrete(n *node, f *field) {
	x.faults[n.path] = true
	if x.stubbed(n) {
		return // told at its name
	}
	if schema, ok := f.value.Default(); ok {
		for _, p := range x.parts(n) {
			if d, ok := p.v.Default(); ok && d.IsConcrete() && !d.Equals(schema) {
				x.say(p.value, n.path, fmt.Sprintf("two defaults meet, %v here and %v in the schema, and neither holds; give a plain value, without *", d, schema), f.declared())
				return
			}
		}
	}
	x.say(x.value(n), n.path, fmt.Sprintf("is not a concrete value: %v", n.v.IncompleteKind()))
}

// concrete are the parts that are values, not types or further constraints.
func concrete(parts []part) (given []part) {
	for _, p := range parts {
		if v, _ := p.v.Default(); p.v.Err() == nil && v.IsConcrete() {
			p.v = v
			given = append(given, p)
		}
	}
	return given
}

// secret refuses a secret in the spec, and keeps it out of every message.
func (x *explainer) secret(n *node, given []part) {
	for _, g := range given {
		s, err := g.v.String()
		if err != nil {
			s = fmt.Sprint(g.v)
		}
		x.secrets = append(x.secrets, s, strconv.Quote(s))
		if msg := badReference(s, false); msg != "" && !strings.Contains(msg, s) && len(refForm.FindString(s)) == len(s) {
			x.say(g.value, n.path, msg)
			return
		}
	}
	x.say(x.value(n), n.path, "a secret is never written in a spec; give a reference: ${env:NAME}, ${file:PATH:KEY} or ${dir:PATH:FILE}")
}

// refusing is what refuses a value: the definition's declaration, or else a
// condition of the definition's that holds in the spec. The definition alone
// knows only of those that hold by default, which in the spec may not.
func (x *explainer) refusing(n *node, f *field, p part) (*field, *rule) {
	declared := x.table.fieldRule(f)
	var first, worded *field
	_, args := n.v.Expr()
	for _, a := range args {
		if _, user := x.partOf(a); user {
			continue
		}
		c := &field{name: f.name, value: a, kind: aLeaf}
		refuses := a.Unify(p.v).Err() != nil
		if first == nil && refuses {
			first = c
		}
		if text := x.table.fieldRule(c).text; text != "" && (worded == nil || refuses && first == c) {
			worded = c
		}
	}
	switch {
	case first == nil:
		return f, declared
	case first.value.IncompleteKind()&p.v.Kind() != 0 && worded != nil:
		first = worded
	}
	if rule := x.table.fieldRule(first); rule.text != declared.text {
		return first, rule
	}
	return f, declared
}

// refusal says why a value does not fit.
func (x *explainer) refusal(p part, f *field, r *rule) (string, token.Pos) {
	shown := x.show(p, f)
	at := f.declared()
	if want := f.value.IncompleteKind(); r.text == "" || strings.HasPrefix(r.text, "must not") {
		if want&p.v.Kind() == 0 && (len(r.enum) == 0 || r.other) {
			return shown + " is not " + kindWord(want), at
		}
	}
	if r.text != "" {
		text := r.text
		for _, e := range r.enum {
			if s := fmt.Sprint(e); e.Kind() == cue.StringKind && s != `""` && !strings.Contains(text, s) && !isDefault(f.value, e) {
				text += ", or " + s
			}
		}
		return shown + ": " + text, at
	}
	if len(r.enum) > 0 && !r.other {
		return shown + " is not one of " + list(r.enum) + nearEnum(p.v, r.enum), at
	}
	for _, a := range r.atoms {
		if a.Unify(p.v).Err() == nil {
			continue
		}
		op, args := a.Expr()
		switch {
		case op == cue.RegexMatchOp && len(args) == 1:
			if re, err := args[0].String(); err == nil {
				return shown + " does not match " + re, a.Pos()
			}
		case op == cue.NotRegexMatchOp && len(args) == 1:
			if re, err := args[0].String(); err == nil {
				return shown + " must not match " + re, a.Pos()
			}
		case op == cue.NotEqualOp && len(args) == 1:
			return fmt.Sprintf("must not be %v", args[0]), a.Pos()
		case strings.HasPrefix(fmt.Sprint(a), "strings.MinRunes") && shown == `""`:
			return "must not be empty", a.Pos()
		}
		return fmt.Sprintf("%s is out of range: must be %v", shown, a), a.Pos()
	}
	return shown + " does not fit", at
}

func isDefault(v, e cue.Value) bool {
	d, ok := v.Default()
	return ok && d.Equals(e)
}

func list(vals []cue.Value) string {
	words := make([]string, len(vals))
	for i, v := range vals {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ", ")
}

func nearEnum(v cue.Value, enum []cue.Value) string {
	s, err := v.String()
	if err != nil {
		return ""
	}
	var words []string
	for _, e := range enum {
		if w, err := e.String(); err == nil {
			words = append(words, w)
		}
	}
	if near := Nearest(s, words); near != "" {
		return "; did you mean " + strconv.Quote(near) + "?"
	}
	return ""
}

// show prints a user's value, short, and never a secret.
func (x *explainer) show(p part, f *field) string {
	if f != nil && x.table.fieldRule(f).secret {
		return "the value"
	}
	if k := p.v.IncompleteKind(); k == cue.StructKind {
		return "a struct"
	} else if k == cue.ListKind {
		return "a list"
	}
	if s, err := p.v.String(); err == nil {
		return quote(maskLogin(s))
	}
	if lit, ok := p.expr.(*ast.BasicLit); ok {
		return shorten(lit.Value)
	}
	return shorten(fmt.Sprint(p.v))
}

// login is that of a URL, whole or behind a reference: https://me:x@, ${…}:x@.
var login = regexp.MustCompile(`(://|\}:)[^"]*@`)

func maskLogin(s string) string { return login.ReplaceAllString(s, "${1}…@") }

func quote(s string) string { return strconv.Quote(shorten(s)) }

// shorten keeps a line of a hostile spec a line.
func shorten(s string) string {
	const longest = 80
	if len(s) <= longest {
		return s
	}
	return strings.ToValidUTF8(s[:longest], "") + "…"
}

func kindWord(k cue.Kind) string {
	switch k {
	case cue.StringKind:
		return "a string"
	case cue.IntKind:
		return "an integer"
	case cue.NumberKind, cue.FloatKind:
		return "a number"
	case cue.BoolKind:
		return "true or false"
	case cue.StructKind:
		return "a struct {…}"
	case cue.ListKind:
		return "a list […]"
	case cue.NullKind:
		return "null"
	}
	var either []string
	for _, one := range []cue.Kind{cue.NullKind, cue.BoolKind, cue.NumberKind, cue.IntKind, cue.FloatKind, cue.StringKind, cue.BytesKind, cue.ListKind, cue.StructKind} {
		if k != one && k&one == one {
			either = append(either, kindWord(one))
			k &^= one
		}
	}
	if len(either) == 0 {
		return fmt.Sprintf("of type %v", k)
	}
	if k != cue.BottomKind {
		either = append(either, kindWord(k))
	}
	return strings.Join(either, " or ")
}

// refForm is anything that looks like a reference: ${word:rest}; bareForm is
// one without its dollar sign.
var (
	refForm  = regexp.MustCompile(`\$\{[A-Za-z]+:[^{}]*\}`)
	bareForm = regexp.MustCompile(`(?:^|[^${])\{([A-Za-z]+):[^{}]*\}`)
	goodRef  = regexp.MustCompile(`^\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:[^:{}]+:[^{}]+|dir:[^:{}]+:[^{}/]+)\}$`)
)

var refShape = map[string]string{"env": "${env:NAME}", "file": "${file:PATH:KEY}", "dir": "${dir:PATH:FILE}"}

// reference judges the references in a string.
func (x *explainer) reference(n *node) bool {
	for _, p := range concrete(x.parts(n)) {
		s, err := p.v.String()
		if err != nil {
			continue
		}
		if msg := badReference(s, true); msg != "" {
			x.say(p.value, n.path, msg)
			return true
		}
	}
	return false
}

// badReference says what is wrong with the first reference in a text that has
// a fault. Echo shows the reference itself.
func badReference(s string, echo bool) string {
	for _, ref := range refForm.FindAllString(s, -1) {
		if goodRef.MatchString(ref) {
			continue
		}
		provider, _, _ := strings.Cut(ref[2:], ":")
		shown := "the reference"
		if echo {
			shown = shorten(ref)
		}
		if form, ok := refShape[provider]; ok {
			return fmt.Sprintf("%s is not a reference; it is written %s", shown, form)
		}
		return fmt.Sprintf("%s: there is no provider %s; there are env, file and dir%s", shown, shorten(provider), DidYouMean(provider, []string{"env", "file", "dir"}))
	}
	for _, m := range bareForm.FindAllStringSubmatch(s, -1) {
		word := m[1]
		near := word
		if refShape[word] == "" {
			near = Nearest(word, []string{"env", "file", "dir"})
		}
		if near != "" && (refShape[word] != "" || len(m[0]) == len(s)) {
			return fmt.Sprintf("{%s:…} is not a reference; it is written %s", shorten(word), refShape[near])
		}
	}
	return ""
}
