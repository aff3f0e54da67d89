package registry

import (
	"strings"

	"kcgen.dev/runtime/internal/memo"
)

// Heads keeps what stands in front of data that were written under a schema of
// their own, for functions of chains, which make the rest by themselves. It is
// for one goroutine.
type Heads struct{ of memo.Memo[headKey, []byte] }

type headKey struct{ topic, schema string }

// NewHeads keeps those of so many schemas in topics.
func NewHeads(most int) Heads {
	return Heads{memo.Memo[headKey, []byte]{Max: most}}
}

// Keep keeps what stands in front of data of a schema, given as its text in the
// registry, in a topic.
func (h *Heads) Keep(topic, schema string, head []byte) {
	h.of.Put(headKey{strings.Clone(topic), schema}, head)
}

// Head is what was kept, or nil.
func (h *Heads) Head(topic, schema string) []byte {
	head, _ := h.of.Get(headKey{topic, schema})
	return head
}
