package check

import (
	"fmt"
	"regexp"
	"regexp/syntax"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
)

// maxPattern is the longest regular expression in bytes: RE2 needs memory in
// proportion, and no one reads a longer one.
const maxPattern = 10_000

// patterns: every regular expression must be one, before the program starts. A
// component's own are the business of its definition.
func patterns(c *checker) {
	for _, s := range c.connectors() {
		c.pattern(s.Path+".topicsRegex", s.Lit("topicsRegex"))
		for _, g := range s.Struct.Struct("topicCreation").Structs("groups") {
			for _, name := range []string{"include", "exclude"} {
				for i, e := range g.List(name) {
					l, _ := e.(*plan.Lit)
					c.pattern(fmt.Sprintf("%s.topicCreation.groups.%s.%s[%d]", s.Path, diag.Label(g.Key()), name, i), l)
				}
			}
		}
	}
}

func (c *checker) pattern(path string, l *plan.Lit) {
	if l == nil || l.Kind != plan.String || wiring.HasRef(l.Str) {
		return
	}
	if len(l.Str) > maxPattern {
		c.say(path, fmt.Sprintf("is a regular expression of %d bytes; the longest is %d", len(l.Str), maxPattern), l.Pos)
		return
	}
	if _, err := regexp.Compile(l.Str); err != nil {
		c.say(path, "is no regular expression (RE2): "+reason(err), l.Pos)
	}
}

// reason is RE2's own message: "missing closing ): `(a`".
func reason(err error) string {
	if e, ok := err.(*syntax.Error); ok {
		return fmt.Sprintf("%s: `%s`", e.Code, e.Expr)
	}
	return err.Error()
}
