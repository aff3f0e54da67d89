package graph

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// topic is a topic's name, or what is known of it.
type topic struct {
	name  string
	kind  nameKind
	maybe bool // a condition decides whether records go there
}

// nameKind is what a name says.
type nameKind int

const (
	exact   nameKind = iota
	glob             // * stands for anything
	regex            // a regular expression that whole names match
	unknown          // nothing: the name says who chooses it
)

func (t topic) isPattern() bool { return t.kind != exact }

func (t topic) same(u topic) bool { return t.name == u.name && t.kind == u.kind }

// String is the name as it is drawn.
func (t topic) String() string {
	if t.kind == regex {
		return "/" + t.name + "/"
	}
	return t.name
}

// feeds says whether records of t are, or may be, among those of u, which is
// another name for some of them.
func (t topic) feeds(u topic) bool {
	switch {
	case t.kind == unknown || u.kind == unknown:
		return false
	case u.kind == regex && t.kind != regex:
		return matches(u.name, strings.ReplaceAll(t.name, "*", "x"))
	case t.kind == glob && u.kind == exact:
		return matches(strings.ReplaceAll(regexp.QuoteMeta(t.name), `\*`, ".*"), u.name)
	}
	return false
}

func matches(pattern, name string) bool {
	if strings.Contains(name, "${") || len(pattern) > maxPattern {
		return false
	}
	re, err := regexp.Compile(`^(?:` + pattern + `)$`)
	return err == nil && re.MatchString(name)
}

// maxPattern is the longest regular expression that is tried.
const maxPattern = 10_000

// globOf is a regular expression as a name, if it stands for one alone, and else
// with a * for whatever is not plain text.
func globOf(pattern string) topic {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil || len(pattern) > maxPattern {
		return topic{name: "*", kind: glob}
	}
	parts := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		parts = re.Sub
	}
	var b strings.Builder
	for _, p := range parts {
		switch {
		case p.Op == syntax.OpLiteral && p.Flags&syntax.FoldCase == 0:
			b.WriteString(string(p.Rune))
		case p.Op == syntax.OpBeginText || p.Op == syntax.OpEndText || p.Op == syntax.OpEmptyMatch:
		case !strings.HasSuffix(b.String(), "*"):
			b.WriteByte('*')
		}
	}
	return topic{name: b.String(), kind: globOrName(b.String())}
}

func globOrName(name string) nameKind {
	if strings.Contains(name, "*") {
		return glob
	}
	return exact
}
