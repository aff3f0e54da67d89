package diag

import (
	"fmt"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/token"
)

// policies are the places where policies say something of a value.
func (x *explainer) policies(v cue.Value) (at []token.Pos) {
	for _, c := range x.ofPolicies(v) {
		at = append(at, c.Pos())
	}
	return at
}

// ofPolicies are the parts of a value that policies say.
func (x *explainer) ofPolicies(v cue.Value) (out []cue.Value) {
	if x.IsPolicy == nil || !v.Exists() {
		return nil
	}
	conjuncts := []cue.Value{v}
	if op, args := v.Expr(); op == cue.AndOp {
		conjuncts = args
	}
	for _, c := range conjuncts {
		if x.IsPolicy(c.Pos()) {
			out = append(out, c)
		}
	}
	return out
}

// againstPolicy tells a value that a policy refuses, in its words where it has
// any.
func (x *explainer) againstPolicy(n *node, p part) bool {
	for _, c := range x.ofPolicies(n.v) {
		if c.Unify(p.v).Err() == nil {
			continue
		}
		f := &field{value: c, kind: aLeaf}
		text := x.table.fieldRule(f).text
		if text == "" {
			text = fmt.Sprintf("a policy wants %v", c)
		}
		x.say(p.value, n.path, x.show(p, f)+": "+text, c.Pos())
		return true
	}
	return false
}

// unknownToPolicy tells a field of a policy that the schema does not have: what
// it says would never hold for anything.
func (x *explainer) unknownToPolicy(n *node, sel cue.Selector, v cue.Value, def *definition) {
	if x.IsPolicy == nil || !sel.IsString() || def.open || def.names.Exists() || def.field(sel.Unquoted()) != nil {
		return
	}
	name := sel.Unquoted()
	for _, c := range x.ofPolicies(v) {
		msg, _ := x.unknown(name, def, nil)
		x.say(c.Pos(), join(n.path, name), msg)
		return
	}
}
