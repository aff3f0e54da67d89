package review

import (
	"fmt"
	"strings"
)

// Kind is a consequence. A graver one is greater.
type Kind int

// The consequences, from the mildest to the gravest.
const (
	None         Kind = iota // nothing that runs is another
	Size                     // the binary is larger or smaller
	Restart                  // the program is to be started anew, and goes on where it was
	Rights                   // other ACLs or GRANTs
	Duplicates               // records may come again
	Output                   // records look different
	Guarantee                // what is promised of records is another
	Renamed                  // a topic, group, queue or target has another name
	Incompatible             // who reads the records as before may fail
	Resnapshot               // the position is lost: what was read is read again, or is left out
	Gap                      // records are missing
)

var kinds = [...]string{"none", "size", "restart", "rights", "duplicates", "output", "guarantee", "renamed", "incompatible", "re-snapshot", "gap"}

// String is the kind's word.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kinds) {
		return "?"
	}
	return kinds[k]
}

// MarshalText is String.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Kinds are the words of all kinds, from the mildest.
func Kinds() []string { return kinds[:] }

// ParseKind reads a kind's word.
func ParseKind(word string) (Kind, error) {
	for k, w := range kinds {
		if w == word {
			return Kind(k), nil
		}
	}
	return None, fmt.Errorf("review: %q is no consequence; they are %s", word, strings.Join(kinds[:], ", "))
}
