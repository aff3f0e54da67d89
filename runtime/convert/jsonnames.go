package convert

import "kcgen.dev/runtime/connect"

// The bounds of what is remembered of names.
const (
	maxNamed   = 64  // objects of a message
	maxNames   = 256 // names of an object
	maxNameLen = 64  // bytes of a name
	maxLearned = 16  // times that an object's names are learned anew
)

// names remembers what the objects of the message before called their members.
// The next message of a stream has mostly the same names at the same places:
// its maps then share their keys. The n-th object is the n-th list.
type names struct {
	lists []nameList
	at    int // the list of the next object
}

type nameList struct {
	known   *connect.KeySet
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
		s.lists = append(s.lists, nameList{})
	}
	s.at++
	return &s.lists[s.at-1]
}

// guess is the names that an object of n members probably has; nil where there
// is none.
func (l *nameList) guess(n int) *connect.KeySet {
	if l == nil || l.known == nil || len(l.known.Keys()) != n {
		return nil
	}
	return l.known
}

// learn keeps the names of m for the next message. Objects that are maps, with
// names that never come again, are given up after a while.
func (l *nameList) learn(m *connect.Map) {
	if l == nil || l.learned == maxLearned || m.Len() > maxNames {
		return
	}
	l.learned++
	known := make([]connect.Value, m.Len())
	for i, key := range m.Keys {
		name := key.Raw()
		if len(name) > maxNameLen {
			return
		}
		known[i] = connect.String(string(name)) // a copy: the message goes
	}
	l.known = connect.NewKeySet(known)
}
