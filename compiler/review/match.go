package review

import (
	"fmt"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

// keyed compares elements that have names: connectors, topics, tests, groups.
// Their order means nothing, but for the groups of topicCreation.
func (c *comparison) keyed(at place, a, b *plan.List) {
	var gone, come []*plan.Struct
	for _, s := range structs(a) {
		if t := keyOf(b, s.Key()); t != nil {
			c.structs(c.element(at, t.Key()), s, t)
		} else {
			gone = append(gone, s)
		}
	}
	for _, t := range structs(b) {
		if keyOf(a, t.Key()) == nil {
			come = append(come, t)
		}
	}
	for _, s := range gone {
		if i := c.same(s, gone, come); i >= 0 {
			t := come[i]
			come = append(come[:i:i], come[i+1:]...)
			c.renamed(c.element(at, t.Key()), s, t)
			c.structs(c.element(at, t.Key()), s, t)
			continue
		}
		c.gone(c.element(at, s.Key()), s)
	}
	for _, t := range come {
		c.come(c.element(at, t.Key()), t)
	}
}

func (c *comparison) element(at place, key string) place {
	if at.path == "sources" || at.path == "sinks" {
		at.kind, at.name = at.path, key
	}
	at.path += "." + diag.Label(key)
	return at
}

// same finds the connector that a removed one has become: the one with the same
// options, or the only one of its type where no other was removed.
func (c *comparison) same(s *plan.Struct, gone, come []*plan.Struct) int {
	was := s.Struct("connector")
	if was == nil {
		return -1
	}
	alike := -1
	for i, t := range come {
		is := t.Struct("connector")
		if is == nil || was.Type != is.Type {
			continue
		}
		if c.equal(was, is) {
			return i
		}
		alike = i
	}
	if len(gone) == 1 && len(come) == 1 {
		return alike
	}
	return -1
}

func keyOf(l *plan.List, key string) *plan.Struct {
	for _, s := range structs(l) {
		if s.Key() == key {
			return s
		}
	}
	return nil
}

func structs(l *plan.List) []*plan.Struct {
	var out []*plan.Struct
	for _, e := range l.Elems {
		if s, ok := e.(*plan.Struct); ok {
			out = append(out, s)
		}
	}
	return out
}

func isSteps(l *plan.List) bool { return l.Elem.Type.Name == "Step" }

// steps compares two chains. Steps that are alike hold the chains together; of
// those between, steps of one type are the same one with other options.
func (c *comparison) steps(at place, a, b []*plan.Struct) {
	i, j := 0, 0
	for _, m := range c.common(a, b) {
		c.between(at, a[i:m[0]], b[j:m[1]], i, j)
		i, j = m[0]+1, m[1]+1
	}
	c.between(at, a[i:], b[j:], i, j)
}

func (c *comparison) between(at place, a, b []*plan.Struct, i, j int) {
	step := func(n int) place {
		at := at
		at.path = fmt.Sprintf("%s[%d]", at.path, n)
		return at
	}
	k := 0
	for n, s := range a {
		m := k
		for m < len(b) && !sameStep(s, b[m]) {
			m++
		}
		if m == len(b) {
			c.gone(step(i+n), s)
			continue
		}
		for ; k < m; k++ {
			c.come(step(j+k), b[k])
		}
		c.structs(step(j+m), s, b[m])
		k = m + 1
	}
	for ; k < len(b); k++ {
		c.come(step(j+k), b[k])
	}
}

func sameStep(s, t *plan.Struct) bool {
	a, b := s.Struct("do"), t.Struct("do")
	return a != nil && b != nil && a.Type == b.Type
}

// maxSteps bounds the table of common. Longer chains are compared from their
// beginning.
const maxSteps = 500

// common is the longest sequence of steps that both chains have, as pairs of
// indexes.
func (c *comparison) common(a, b []*plan.Struct) (out [][2]int) {
	if len(a) > maxSteps || len(b) > maxSteps {
		return nil
	}
	long := make([][]int, len(a)+1)
	for i := range long {
		long[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			long[i][j] = max(long[i+1][j], long[i][j+1])
			if c.equal(a[i], b[j]) {
				long[i][j] = long[i+1][j+1] + 1
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case c.equal(a[i], b[j]):
			out = append(out, [2]int{i, j})
			i, j = i+1, j+1
		case long[i+1][j] >= long[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}
