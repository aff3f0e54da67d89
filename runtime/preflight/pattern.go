package preflight

import (
	"regexp"
	"regexp/syntax"

	"kcgen.dev/runtime/kafka"
)

// pattern notes that a sink reads all topics that a regular expression matches.
// ACLs know names and prefixes alone.
func (n *Needs) pattern(text, who string) {
	re, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		n.note("%s: topicsRegex: %v", who, err)
		return
	}
	r := kafka.Right{Resource: kafka.OnTopic, Operation: kafka.Read}
	if names := literals(re.Simplify()); names != nil {
		for _, r.Name = range names {
			n.need(r, who, "its records")
		}
		return
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		n.note("%s: topicsRegex: %v", who, err)
		return
	}
	prefix, _ := compiled.LiteralPrefix()
	if prefix == "" {
		n.note("%s: topicsRegex %s begins with no fixed text, and ACLs know names and prefixes alone: give Read on the topics that it is to read", who, text)
		return
	}
	r.Name, r.Prefix = prefix, true
	n.need(r, who, "its records")
	if rest := text[min(len(regexp.QuoteMeta(prefix)), len(text)):]; rest != ".*" {
		n.note("%s: ACLs know names and prefixes alone: %s* is more than topicsRegex %s", who, prefix, text)
	}
}

// literals are the names of an expression that is nothing but alternatives.
func literals(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return []string{string(re.Rune)}
		}
	case syntax.OpCapture:
		return literals(re.Sub[0])
	case syntax.OpAlternate:
		var out []string
		for _, s := range re.Sub {
			l := literals(s)
			if l == nil {
				return nil
			}
			out = append(out, l...)
		}
		return out
	}
	return nil
}
