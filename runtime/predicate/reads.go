package predicate

import "kcgen.dev/runtime/connect"

// The predicates look at no field of a key or a value.
var (
	_ connect.Reads = HasHeaderKey{}
	_ connect.Reads = RecordIsTombstone{}
	_ connect.Reads = TopicNameMatches{}
)

// Reads is nothing of them.
func (HasHeaderKey) Reads(connect.Role) connect.Reading { return connect.Reading{Passed: true} }

// Reads is nothing but whether there is a value.
func (RecordIsTombstone) Reads(connect.Role) connect.Reading { return connect.Reading{Passed: true} }

// Reads is nothing of them.
func (TopicNameMatches) Reads(connect.Role) connect.Reading { return connect.Reading{Passed: true} }
