package reference

import (
	"strings"

	"cuelang.org/go/cue/token"
)

// PackageName makes the name of a spec's package of its pipeline's: the letters
// and digits of ASCII, in lower case.
func PackageName(pipeline string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(pipeline))
	if name == "" || name[0] <= '9' || token.Lookup(name) != token.IDENT { // for, in, true, …
		return "pipeline" + name
	}
	return name
}
