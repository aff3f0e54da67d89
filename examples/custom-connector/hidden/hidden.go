// Package hidden knows hidden files; see hidden.cue.
package hidden

import (
	"strings"

	"kcgen.dev/runtime/connect"
)

// Drop is a whole transform: a function that changes the record, or drops it
// (false), or refuses it (an error).
func Drop(r *connect.Record) (keep bool, err error) {
	return !strings.HasPrefix(r.Key.Value.Str(), "."), nil
}
