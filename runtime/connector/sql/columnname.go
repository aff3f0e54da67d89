package sql

import (
	"strings"

	"kcgen.dev/runtime/connector/database"
)

// columnsCalled finds columns by a name that a person or another system gives:
// the one that is spelled so, else all that differ in capitals alone.
func columnsCalled(name string, columns []database.Column) (at []int) {
	for i := range columns {
		switch {
		case columns[i].Name == name:
			return append(at[:0], i)
		case strings.EqualFold(columns[i].Name, name):
			at = append(at, i)
		}
	}
	return at
}
