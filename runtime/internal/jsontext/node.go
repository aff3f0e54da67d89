package jsontext

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

// Is reports whether there is a node n (-1 is none) and it is a k.
func (t *Tape) Is(n int, k Token) bool { return n >= 0 && t.Nodes[n].Token == k }

// Next is the node behind node n and all that is in it.
func (t *Tape) Next(n int) int { return int(t.Nodes[n].Next) }

// Raw is the text of a node, of a string without its quotes.
func (t *Tape) Raw(n int) []byte { return t.data[t.Nodes[n].Start:t.Nodes[n].End] }

// Span is where node n stands, the quotes of a string included.
func (t *Tape) Span(n int) (start, end int) {
	nd := &t.Nodes[n]
	if nd.Token == String {
		return int(nd.Start) - 1, int(nd.End) + 1
	}
	return int(nd.Start), int(nd.End)
}

// Between is a copy of a part of the text.
func (t *Tape) Between(start, end int) string { return string(t.data[start:end]) }

// Text is the string at node n.
func (t *Tape) Text(n int) string { return t.String(n).Str() }

// String is the string at node n, which aliases the message if it can.
func (t *Tape) String(n int) connect.Value {
	raw := t.Raw(n)
	switch {
	case t.Nodes[n].Plain:
		return connect.PlainText(raw)
	case !t.Nodes[n].Escaped:
		return connect.Text(raw)
	}
	return connect.Text(unescape(raw))
}

// Whole is the string at n; under Strict it has no half characters.
func (t *Tape) Whole(n int) (connect.Value, error) {
	if t.Strict && t.Nodes[n].Escaped && Halved(t.Raw(n)) {
		return connect.Null, fmt.Errorf("half a surrogate pair in the string at byte %d", t.Nodes[n].Start)
	}
	return t.String(n), nil
}

// Locate finds the nodes of a struct's fields among the members of n, and
// leaves at as it is where there is none. Members mostly come in the order of
// the fields, which saves the look-up. Under Strict no field may come twice;
// closed is whether there may be no other member.
func (t *Tape) Locate(s *connect.Schema, n int, at []int32, closed bool) error {
	fields := s.Fields()
	expected := 0
	for k := n + 1; k < t.Next(n); k = t.Next(k + 1) {
		name := t.Text(k)
		i := expected
		if i >= len(fields) || fields[i].Name != name {
			i = s.FieldIndex(name)
		}
		if i < 0 {
			if closed {
				return fmt.Errorf("the member at byte %d is no field of the schema", t.Nodes[k].Start)
			}
			continue
		}
		if at[i] >= 0 && t.Strict {
			return fmt.Errorf("field %q twice", fields[i].Name)
		}
		at[i] = int32(k + 1)
		expected = i + 1
	}
	return nil
}

// Member is the node of an object's member, the last of that name; -1 where
// there is none or n is no object.
func (t *Tape) Member(n int, name string) int {
	found := -1
	if t.Is(n, Object) {
		for k := n + 1; k < t.Next(n); k = t.Next(k + 1) {
			if t.Text(k) == name {
				found = k + 1
			}
		}
	}
	return found
}

// Nothing puts a null on the tape of a text that has no value.
func (t *Tape) Nothing() { t.leaf(Null, 0, 0, false) }
