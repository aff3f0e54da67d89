package connect

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// translateJava writes a pattern of java.util.regex.Pattern for Go's engine.
// \Q…\E is the same in both, but \s, \v, \h, \R, \Z, \uXXXX, \cX, \e,
// \p{Lower} and its like, the line ends that a point does not match, and
// classes within classes, "&&" included, are translated. What Go's engine
// cannot do is an error.
func translateJava(pattern string) (*regexp.Regexp, error) {
	t := regexTranslator{in: pattern}
	t.readFlags()
	if err := t.translate(); err != nil {
		return nil, err
	}
	return regexp.Compile(t.out.String())
}

// regexTranslator writes a Java pattern anew for Go.
type regexTranslator struct {
	in       string
	pos      int
	out      strings.Builder
	fold     bool // (?i) is somewhere
	dotAll   bool // (?s) is somewhere
	quantity bool // a quantifier was just written

	leaf func(set []rune) []rune // for what is read in classes; nil: as it is
}

var flagGroups = regexp.MustCompile(`\(\?([a-zA-Z]*)(?:-[a-zA-Z]*)?[:)]`)

func (t *regexTranslator) readFlags() {
	for _, m := range flagGroups.FindAllStringSubmatch(t.in, -1) {
		t.fold = t.fold || strings.Contains(m[1], "i")
		t.dotAll = t.dotAll || strings.Contains(m[1], "s")
	}
}

func (t *regexTranslator) translate() error {
	for t.pos < len(t.in) {
		var err error
		quantity := false
		switch c := t.in[t.pos]; c {
		case '\\':
			err = t.escape()
		case '[':
			err = t.class()
		case '(':
			err = t.group()
		case '*', '+', '?', '{':
			quantity, err = true, t.quantifier()
		case '.':
			if t.dotAll {
				t.out.WriteByte(c)
			} else {
				t.out.WriteString(`[^\n\r\x{85}\x{2028}\x{2029}]`)
			}
			t.pos++
		default:
			t.out.WriteByte(c)
			t.pos++
		}
		if err != nil {
			return err
		}
		t.quantity = quantity
	}
	return nil
}

var repetition = regexp.MustCompile(`^\{\d+(,\d*)?\}`)

// quantifier copies one, with the ? of a lazy one.
func (t *regexTranslator) quantifier() error {
	start, end := t.pos, t.pos+1
	if t.in[start] == '{' {
		m := repetition.FindString(t.in[start:])
		if m == "" {
			return fmt.Errorf("{ at %d is no repetition; a brace is written \\{", start+1)
		}
		end = start + len(m)
	}
	if t.quantity {
		return fmt.Errorf("%s at %d repeats a repetition", t.in[start:end], start+1)
	}
	if end < len(t.in) && t.in[end] == '+' {
		return refused("the possessive quantifier "+t.in[start:end+1], start)
	}
	if end < len(t.in) && t.in[end] == '?' {
		end++
	}
	t.out.WriteString(t.in[start:end])
	t.pos = end
	return nil
}

// group copies what opens a group.
func (t *regexTranslator) group() error {
	rest := t.in[t.pos:]
	for _, g := range []struct{ begin, what string }{
		{"(?=", "look-ahead"}, {"(?!", "negative look-ahead"}, {"(?<=", "look-behind"},
		{"(?<!", "negative look-behind"}, {"(?>", "an atomic group"},
	} {
		if strings.HasPrefix(rest, g.begin) {
			return refused(g.what+" "+g.begin+"…)", t.pos)
		}
	}
	if m := flagGroups.FindString(rest); strings.HasPrefix(rest, "(?") && m != "" && strings.HasPrefix(rest, m) {
		if i := strings.IndexAny(m, "xU"); i >= 0 {
			return refused("the flag "+m[i:i+1], t.pos+i)
		}
		t.pos += len(m)
		m = strings.NewReplacer("d", "", "u", "").Replace(m)
		if m = strings.Replace(strings.Replace(m, "-)", ")", 1), "-:", ":", 1); m != "(?)" {
			t.out.WriteString(m)
		}
		return nil
	}
	t.out.WriteByte('(')
	t.pos++
	if strings.HasPrefix(rest, "(?") { // (?: or (?<name>
		t.out.WriteByte('?')
		t.pos++
	}
	return nil
}

// Sets of characters that Java names and Go does not, or otherwise.
const (
	javaSpace      = `\t\n\x0B\f\r `
	javaHorizontal = ` \t\x{A0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}`
	javaVertical   = `\n\x0B\f\r\x{85}\x{2028}\x{2029}`
)

// escape translates an escape outside of classes.
func (t *regexTranslator) escape() error {
	start := t.pos
	if t.pos+1 >= len(t.in) {
		return fmt.Errorf("a backslash at the end")
	}
	switch c := t.in[t.pos+1]; {
	case c >= '1' && c <= '9', c == 'k':
		return refused(fmt.Sprintf("the back reference \\%c", c), start)
	case c == 'G', c == 'X', c == 'N':
		return refused(fmt.Sprintf("\\%c", c), start)
	case c == 'Q':
		text, _, _ := strings.Cut(t.in[t.pos+2:], `\E`)
		t.pos = min(len(t.in), t.pos+2+len(text)+2)
		t.out.WriteString(regexp.QuoteMeta(text))
		return nil
	case c == 'R':
		t.out.WriteString(`(?:\r\n|[` + javaVertical + `])`)
	case c == 'Z':
		t.out.WriteString(`\z`)
	case c == 'A', c == 'z', c == 'b', c == 'B':
		if c == 'b' && strings.HasPrefix(t.in[start:], `\b{g}`) {
			return refused(`\b{g}`, start)
		}
		t.out.WriteString(t.in[start : start+2])
	default:
		text, _, err := t.set()
		if err != nil {
			return err
		}
		if strings.IndexByte("sShHvVpP", c) >= 0 { // a part of a class so far
			text = "[" + text + "]"
		}
		t.out.WriteString(text)
		return nil
	}
	t.pos += 2
	return nil
}

// set translates an escape that stands for one or more characters into what
// stands for them in a class; a ^ before it means all others.
func (t *regexTranslator) set() (text string, negated bool, err error) {
	start := t.pos
	if start+1 >= len(t.in) {
		return "", false, fmt.Errorf("a backslash at the end")
	}
	c := t.in[start+1]
	t.pos += 2
	switch c {
	case 's':
		return javaSpace, false, nil
	case 'S':
		return "^" + javaSpace, true, nil
	case 'h':
		return javaHorizontal, false, nil
	case 'H':
		return "^" + javaHorizontal, true, nil
	case 'v':
		return javaVertical, false, nil
	case 'V':
		return "^" + javaVertical, true, nil
	case 'd', 'D', 'w', 'W', 't', 'n', 'r', 'f', 'a':
		return t.in[start:t.pos], false, nil
	case 'e':
		return `\x1b`, false, nil
	case 'p', 'P':
		text, err = t.property(start, c == 'P')
		return text, false, err
	case 'x', 'u', '0', 'c':
		text, err = t.code(start)
		return text, false, err
	}
	if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '1' && c <= '9' {
		return "", false, fmt.Errorf("\\%c at %d means nothing", c, start+1)
	}
	r, size := utf8.DecodeRuneInString(t.in[start+1:])
	t.pos = start + 1 + size
	return regexp.QuoteMeta(string(r)), false, nil
}

var codes = regexp.MustCompile(`^\\(?:x([0-9a-fA-F]{2})|x\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|0([0-3]?[0-7]{1,2})|c(.))`)

// code translates a character that is given by its number.
func (t *regexTranslator) code(start int) (string, error) {
	m := codes.FindStringSubmatch(t.in[start:])
	if m == nil {
		return "", fmt.Errorf("%s at %d is no character", t.in[start:t.pos], start+1)
	}
	t.pos = start + len(m[0])
	switch {
	case m[4] != "":
		n, err := strconv.ParseUint(m[4], 8, 32)
		return fmt.Sprintf(`\x{%x}`, n), err
	case m[5] != "":
		return fmt.Sprintf(`\x{%x}`, m[5][0]^64), nil
	}
	return `\x{` + m[1] + m[2] + m[3] + `}`, nil
}

// javaProperties are the properties that Go has under another name.
var javaProperties = map[string]string{
	"Lower": "[:lower:]", "Upper": "[:upper:]", "ASCII": "[:ascii:]", "Alpha": "[:alpha:]", "Digit": "[:digit:]",
	"Alnum": "[:alnum:]", "Punct": "[:punct:]", "Graph": "[:graph:]", "Print": "[:print:]", "Blank": "[:blank:]",
	"Cntrl": "[:cntrl:]", "XDigit": "[:xdigit:]", "Space": "[:space:]",
}

// property translates \p{Name}, \pL and \P of both.
func (t *regexTranslator) property(start int, negated bool) (string, error) {
	rest := t.in[start+2:]
	if rest == "" {
		return "", fmt.Errorf("\\p at %d without a name", start+1)
	}
	name, length := rest[:1], 1
	if rest[0] == '{' {
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return "", fmt.Errorf("\\p{ at %d is not closed", start+1)
		}
		name, length = rest[1:end], end+1
	}
	t.pos = start + 2 + length
	if class, ok := javaProperties[name]; ok {
		if negated {
			class = "[:^" + class[2:]
		}
		return class, nil
	}
	plain := name
	if _, after, ok := strings.Cut(name, "="); ok {
		plain = after
	} else {
		plain = strings.TrimPrefix(name, "Is")
	}
	if unicode.Categories[plain] == nil && unicode.Scripts[plain] == nil {
		return "", refused("the property "+t.in[start:t.pos], start)
	}
	if negated {
		return `\P{` + plain + `}`, nil
	}
	return `\p{` + plain + `}`, nil
}

// class translates a class in brackets. One without classes in it stays one of
// Go's; any other becomes a list of what it matches.
func (t *regexTranslator) class() error {
	start := t.pos
	c, err := t.readClass()
	if err != nil {
		return err
	}
	if !c.nested {
		t.out.WriteString("[" + c.text + "]")
		return nil
	}
	if t.fold {
		return refused("a class within a class under (?i)", start)
	}
	if len(c.set) == 0 {
		t.out.WriteString(`[^\x00-\x{10FFFF}]`)
		return nil
	}
	t.out.WriteByte('[')
	for i := 0; i < len(c.set); i += 2 {
		fmt.Fprintf(&t.out, `\x{%x}-\x{%x}`, c.set[i], c.set[i+1])
	}
	t.out.WriteByte(']')
	return nil
}

// javaClass is a class as Go writes it between brackets, and as the ranges that
// it matches.
type javaClass struct {
	text   string
	set    []rune
	nested bool
}

// readClass reads a class from its bracket on: characters, escapes, classes, and
// && between what has to hold together.
func (t *regexTranslator) readClass() (c javaClass, err error) {
	start := t.pos
	t.pos++
	negated := t.at("^")
	var text strings.Builder // what has no class in it, since the last &&
	var set, all []rune
	intersects, empty := false, true
	flush := func() error {
		if text.Len() > 0 {
			more, err := t.ranges(text.String())
			if err != nil {
				return err
			}
			set = unite(set, more)
		}
		return nil
	}
	for {
		switch {
		case t.pos >= len(t.in):
			return c, fmt.Errorf("the class at %d is not closed", start+1)
		case t.in[t.pos] == ']' && !empty:
			t.pos++
			if err := flush(); err != nil {
				return c, err
			}
			if intersects {
				set = intersect(all, set)
			}
			c.text, c.set = text.String(), set
			if negated {
				c.text, c.set = "^"+c.text, negate(set)
			}
			return c, nil
		case t.at("&&"):
			if err := flush(); err != nil {
				return c, err
			}
			if intersects {
				set = intersect(all, set)
			}
			all, set, intersects, c.nested = set, nil, true, true
			text.Reset()
		case t.in[t.pos] == '[':
			inner, err := t.readClass()
			if err != nil {
				return c, err
			}
			set, c.nested = unite(set, inner.set), true
		default:
			part, other, err := t.classItem()
			if err != nil {
				return c, err
			}
			if other {
				more, err := t.ranges(part)
				if err != nil {
					return c, err
				}
				set, c.nested = unite(set, more), true
			} else {
				text.WriteString(part)
			}
		}
		empty = false
	}
}

// classItem translates a character or an escape in a class.
func (t *regexTranslator) classItem() (text string, negated bool, err error) {
	if strings.HasPrefix(t.in[t.pos:], `\Q`) {
		quoted, _, _ := strings.Cut(t.in[t.pos+2:], `\E`)
		t.pos = min(len(t.in), t.pos+2+len(quoted)+2)
		for _, r := range quoted {
			text += fmt.Sprintf(`\x{%x}`, r)
		}
		return text, false, nil
	}
	if t.in[t.pos] == '\\' {
		return t.set()
	}
	r, size := utf8.DecodeRuneInString(t.in[t.pos:])
	t.pos += size
	if r == ']' || r == '^' {
		return `\` + string(r), false, nil
	}
	return string(r), false, nil
}

// at takes a text, if it comes next.
func (t *regexTranslator) at(s string) bool {
	if !strings.HasPrefix(t.in[t.pos:], s) {
		return false
	}
	t.pos += len(s)
	return true
}

// ranges is the ranges of a part of a class.
func (t *regexTranslator) ranges(text string) ([]rune, error) {
	set, err := goClass(text)
	if err == nil && t.leaf != nil {
		set = t.leaf(set)
	}
	return set, err
}

// goClass is the ranges of one of Go's classes.
func goClass(text string) ([]rune, error) {
	re, err := syntax.Parse("["+text+"]", syntax.Perl)
	if err != nil {
		return nil, err
	}
	switch re.Op {
	case syntax.OpCharClass:
		return re.Rune, nil
	case syntax.OpLiteral:
		return []rune{re.Rune[0], re.Rune[0]}, nil
	case syntax.OpAnyChar:
		return []rune{0, unicode.MaxRune}, nil
	case syntax.OpAnyCharNotNL:
		return []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}, nil
	}
	return nil, nil
}

// unite joins two lists of ranges.
func unite(a, b []rune) (out []rune) {
	type span struct{ lo, hi rune }
	var spans []span
	for _, set := range [][]rune{a, b} {
		for i := 0; i < len(set); i += 2 {
			spans = append(spans, span{set[i], set[i+1]})
		}
	}
	slices.SortFunc(spans, func(x, y span) int { return int(x.lo - y.lo) })
	for _, s := range spans {
		if n := len(out); n > 0 && s.lo <= out[n-1]+1 {
			out[n-1] = max(out[n-1], s.hi)
			continue
		}
		out = append(out, s.lo, s.hi)
	}
	return out
}

// negate is all that is not in a list of ranges, which are in order.
func negate(set []rune) (out []rune) {
	next := rune(0)
	for i := 0; i < len(set); i += 2 {
		if set[i] > next {
			out = append(out, next, set[i]-1)
		}
		next = set[i+1] + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, next, unicode.MaxRune)
	}
	return out
}

func intersect(a, b []rune) []rune { return negate(unite(negate(a), negate(b))) }
