package avro

import (
	"errors"
	"slices"

	"kcgen.dev/runtime/connect"
)

// fromUnion resolves each of the writer's types apart. One that cannot be read
// is an error of the data that hold it.
func (z *resolver) fromUnion(w, r *schema, s *connect.Schema) (*readNode, error) {
	n := &readNode{op: readUnion}
	good := false
	var first error
	for _, b := range w.branches {
		branch, err := z.branch(b, r, s)
		if err != nil {
			if z.strict {
				return nil, err
			}
			first = errors.Join(first, err)
			branch = readBranch{node: &readNode{op: readFail, err: err}}
		} else {
			good = true
		}
		n.branches = append(n.branches, branch)
	}
	if !good && len(w.branches) > 0 {
		return nil, first
	}
	if null := w.nullBranch(); w.optionalOf() != nil && n.plain() {
		return &readNode{op: readOptional, size: null, elem: n.branches[1-null].node}, nil
	}
	return n, nil
}

// plain reports whether all types can be read, and none into a struct.
func (n *readNode) plain() bool {
	return !slices.ContainsFunc(n.branches, func(b readBranch) bool { return b.schema != nil || b.node.op == readFail })
}

// intoUnion reads what was no union as a type of one.
func (z *resolver) intoUnion(w, r *schema, s *connect.Schema) (*readNode, error) {
	b, err := z.branch(w, r, s)
	if err != nil || b.schema == nil {
		return b.node, err
	}
	// A union of one type, which is written without a number.
	return &readNode{op: readUnion, branches: []readBranch{b}, size: -1}, nil
}

// branch resolves one type against a reader that may be a union.
func (z *resolver) branch(w, r *schema, s *connect.Schema) (readBranch, error) {
	if r.kind != kindUnion {
		node, err := z.node(w, r, s)
		return readBranch{node: node}, err
	}
	i := z.pick(w, r, s)
	if i < 0 {
		return readBranch{}, mismatch(w, r)
	}
	b := r.branches[i]
	switch {
	case b.kind == kindNull:
		return readBranch{node: &readNode{op: readNull}}, nil
	case !wrapped(s, r):
		node, err := z.node(w, b, s)
		return readBranch{node: node}, err
	}
	slot := memberSlot(r, i)
	node, err := z.node(w, b, s.Fields()[slot].Schema)
	return readBranch{node: node, schema: s, slot: slot}, err
}

// memberSlot is the place of a union's type among those that are not null.
func memberSlot(u *schema, i int) int {
	if null := u.nullBranch(); null >= 0 && null < i {
		return i - 1
	}
	return i
}

// pick chooses the type of a union that w is to be read as: the same, a record
// that fits, one that w can be promoted to.
func (z *resolver) pick(w, r *schema, s *connect.Schema) int {
	fits := -1
	for i, b := range r.branches {
		if b.kind != w.kind {
			continue
		}
		if !w.kind.named() || w.fullName() == b.fullName() || slices.Contains(b.aliases, w.fullName()) {
			return i
		}
		if w.kind == kindRecord && (fits < 0 || w.name == b.name) && z.fits(w, b, r, i, s) {
			fits = i
		}
	}
	if fits >= 0 {
		return fits
	}
	return slices.IndexFunc(r.branches, func(b *schema) bool {
		_, ok := scalar(w.kind, b.kind)
		return ok && b.kind != kindNull
	})
}

func (z *resolver) fits(w, b, r *schema, i int, s *connect.Schema) bool {
	if wrapped(s, r) {
		s = s.Fields()[memberSlot(r, i)].Schema
	}
	_, err := z.node(w, b, s)
	return err == nil
}
