package sql

import (
	"regexp/syntax"
	"strings"
)

// spelledName is a name that a pattern spells out: its parts, and whether anything
// may follow behind a last point.
type spelledName struct {
	parts []string
	rest  bool
}

// anything stands for .* in a name that a pattern spells out. No database has it
// in a name.
const anything = "\x00"

// mostSpelled is how many names a pattern may spell out.
const mostSpelled = 100

// spelled are the names that a pattern spells out: shop\.orders, shop[.](a|b), or
// shop\..* for a whole schema. A bare point is taken for the point that it was
// meant to be. False: it is a pattern of more.
func spelled(pattern string) (names []spelledName, ok bool) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, false
	}
	texts, ok := spell(re)
	if !ok {
		return nil, false
	}
	for _, text := range texts {
		text, rest := strings.CutSuffix(text, anything)
		if strings.Contains(text, anything) {
			return nil, false
		}
		if rest && text != "" {
			if text, ok = strings.CutSuffix(text, "."); !ok {
				return nil, false
			}
		}
		var n spelledName
		if n.rest = rest; text != "" {
			n.parts = strings.Split(text, ".")
		}
		names = append(names, n)
	}
	return names, true
}

// spell gives the texts that an expression matches, if they are few.
func spell(re *syntax.Regexp) ([]string, bool) {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpEndText:
		return []string{""}, true
	case syntax.OpLiteral:
		return []string{string(re.Rune)}, re.Flags&syntax.FoldCase == 0
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []string{"."}, true
	case syntax.OpStar, syntax.OpPlus:
		of := re.Sub[0].Op
		return []string{anything}, of == syntax.OpAnyChar || of == syntax.OpAnyCharNotNL
	case syntax.OpCapture:
		return spell(re.Sub[0])
	case syntax.OpCharClass:
		return spellClass(re.Rune)
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			texts, ok := spell(sub)
			if !ok || len(all)+len(texts) > mostSpelled {
				return nil, false
			}
			all = append(all, texts...)
		}
		return all, true
	case syntax.OpConcat:
		return spellAll(re.Sub)
	}
	return nil, false
}

// spellClass gives the characters of a class: pairs of a first and a last one.
func spellClass(ranges []rune) (all []string, ok bool) {
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if all = append(all, string(r)); len(all) > mostSpelled {
				return nil, false
			}
		}
	}
	return all, true
}

// spellAll gives the texts of expressions one behind another.
func spellAll(subs []*syntax.Regexp) ([]string, bool) {
	all := []string{""}
	for _, sub := range subs {
		texts, ok := spell(sub)
		if !ok || len(all)*len(texts) > mostSpelled {
			return nil, false
		}
		var longer []string
		for _, a := range all {
			for _, b := range texts {
				longer = append(longer, a+b)
			}
		}
		all = longer
	}
	return all, true
}

// schemaName is the schema that schemaPattern names, where it is a name and not a
// pattern: without %. A _ is taken for itself, though it stands for any character
// too.
func schemaName(pattern string) (string, bool) {
	var name strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '%':
			return "", false
		case c == '\\' && i+1 < len(pattern):
			i++
			name.WriteByte(pattern[i])
		default:
			name.WriteByte(c)
		}
	}
	return name.String(), true
}
