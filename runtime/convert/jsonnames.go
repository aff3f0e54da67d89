package convert

import (
	"bytes"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// The bounds of what is remembered of names.
const (
	maxNamed   = 64   // objects of a message
	maxNames   = 1024 // names of an object
	maxLead    = 128  // bytes of a name and what is around it
	maxLearned = 16   // times that an object's names are learned anew
)

// names remembers what the objects of the message before called their members.
// The next message of a stream has mostly the same names at the same places:
// its maps then share their keys. The n-th object is the n-th list.
type names struct {
	lists []*nameList
	at    int // the list of the next object
}

type nameList struct {
	known   *connect.KeySet
	leads   []string // the text before each value, from the value before on
	tail    string   // and behind the last one
	learned int
}

// reset is for the next message.
func (s *names) reset() { s.at = 0 }

// next is the list of the next object; nil where none is kept.
func (s *names) next() *nameList {
	if s.at >= maxNamed {
		return nil
	}
	if s.at == len(s.lists) {
		s.lists = append(s.lists, &nameList{})
	}
	s.at++
	return s.lists[s.at-1]
}

// guess is the names that an object of n members probably has; nil where there
// is none.
func (l *nameList) guess(n int) *connect.KeySet {
	if l == nil || l.known == nil || len(l.known.Keys()) != n {
		return nil
	}
	return l.known
}

// learn keeps the names of the object at node n for the next message, unless
// one comes twice. Objects that are maps, with names that never come again, are
// given up after a while.
func (l *nameList) learn(t *jsontext.Tape, n int) {
	if l == nil || l.learned == maxLearned || t.Nodes[n].Count > maxNames {
		return
	}
	l.learned++
	var known []connect.Value
	var leads []string
	twice := map[string]bool{}
	at := int(t.Nodes[n].Start)
	for k := n + 1; k < t.Next(n); k = t.Next(k + 1) {
		begin, end := t.Span(k + 1)
		if begin-at > maxLead || t.Nodes[k].Escaped {
			return
		}
		name := nameOf(t.Raw(k))
		if twice[name.Str()] {
			return
		}
		twice[name.Str()] = true
		known = append(known, name)
		leads = append(leads, t.Between(at, begin))
		at = end
	}
	end := int(t.Nodes[n].End)
	if end-at > maxLead {
		return
	}
	l.known, l.leads, l.tail = connect.NewKeySet(known), leads, t.Between(at, end)
}

// nameOf is a name that outlives its message. Whether it is plain is looked at
// once, and not by everybody who writes it.
func nameOf(raw []byte) connect.Value {
	raw = bytes.Clone(raw)
	if jsontext.PlainLen(raw) == len(raw) {
		return connect.PlainText(raw)
	}
	return connect.Text(raw)
}
