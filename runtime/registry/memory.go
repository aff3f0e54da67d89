package registry

import (
	"errors"
	"time"

	"kcgen.dev/runtime/connect"
)

const (
	// memorySize is how many answers are kept at the least; twice as many at
	// the most. Confluent's serializers keep as many.
	memorySize = 1000
	// memoryText is how much text the answers may hold, likewise.
	memoryText = 64 << 20
	// refusalLife is how long the registry is not asked again after it said no
	// for a reason that is the record's.
	refusalLife = 10 * time.Second
)

// answer is what a registry said.
type answer struct {
	schema Schema
	err    error
	until  time.Time // zero: for ever
}

// memory keeps answers in two generations: when the younger one is full it
// becomes the older one, whose place is forgotten. What is asked for moves to
// the younger one, so that what is used stays.
type memory struct {
	young, old map[question]answer
	text       int // bytes, of the younger one

	// What was asked last: most topics are of one schema.
	last   question
	latest answer
}

// holds reports whether an answer is still one.
func (a *answer) holds() bool { return a.until.IsZero() || time.Now().Before(a.until) }

func (m *memory) get(q question) (answer, bool) {
	if q == m.last && m.latest.holds() {
		return m.latest, true
	}
	a, ok := m.young[q]
	if !ok {
		if a, ok = m.old[q]; !ok {
			return answer{}, false
		}
		m.add(q, a)
	}
	if !a.holds() {
		delete(m.young, q)
		delete(m.old, q)
		return answer{}, false
	}
	m.last, m.latest = q, a
	return a, true
}

// put keeps an answer, for as long as answers of its kind hold: the latest
// version for latest (0: for ever), a refusal for a moment, nothing of a
// registry that did not answer.
func (m *memory) put(q question, s Schema, err error, latest time.Duration) {
	a := answer{schema: s, err: err}
	switch {
	case errors.Is(err, connect.ErrUnavailable), errors.Is(err, connect.ErrFatal):
		return
	case err != nil:
		a.until = time.Now().Add(refusalLife)
	case q.what == whatLatest && latest > 0:
		a.until = time.Now().Add(latest)
	}
	m.add(q, a)
}

func (m *memory) add(q question, a answer) {
	if m.young == nil || len(m.young) >= memorySize || m.text >= memoryText {
		m.young, m.old, m.text = map[question]answer{}, m.young, 0
	}
	m.young[q] = a
	m.text += len(q.text) + len(a.schema.Text)
	for _, i := range a.schema.Imports {
		m.text += len(i.Text)
	}
}
