package connect

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxJavaGroups is how deep groups may be in each other.
const maxJavaGroups = 200

// parseJava reads a pattern.
func parseJava(pattern string) (*javaProgram, error) {
	p := javaParser{regexTranslator: regexTranslator{in: pattern}, prog: &javaProgram{names: map[string]int{}}}
	p.regexTranslator.leaf = p.fold
	node, err := p.either(0)
	switch {
	case err != nil:
		return nil, err
	case p.pos < len(p.in):
		return nil, fmt.Errorf("the ) at %d closes nothing", p.pos+1)
	}
	p.prog.start = node
	return p.prog, nil
}

// javaParser reads patterns; what stands for characters it reads as the
// translator to Go does.
type javaParser struct {
	regexTranslator
	flags javaFlags
	prog  *javaProgram
}

// javaFlags are i, u, s, m and d.
type javaFlags struct{ fold, unicode, dotAll, lines, unix bool }

// either reads what is between |, up to the ) that ends it.
func (p *javaParser) either(depth int) (javaNode, error) {
	if depth > maxJavaGroups {
		return javaNode{}, fmt.Errorf("the groups at %d are more than %d in each other", p.pos+1, maxJavaGroups)
	}
	flags := p.flags
	defer func() { p.flags = flags }()
	var ways []javaNode
	for {
		var nodes []javaNode
		for p.pos < len(p.in) && p.in[p.pos] != '|' && p.in[p.pos] != ')' {
			n, ok, err := p.repeated(depth)
			if err != nil {
				return n, err
			}
			if ok {
				nodes = append(nodes, n)
			}
		}
		ways = append(ways, javaSequence(nodes))
		if !p.at("|") {
			return javaEither(ways), nil
		}
	}
}

// repeated reads one thing and what repeats it; false where it is none, as a
// group of flags.
func (p *javaParser) repeated(depth int) (n javaNode, ok bool, err error) {
	switch p.in[p.pos] {
	case '*', '+', '?':
		return n, false, fmt.Errorf("%c at %d repeats nothing, or a repetition", p.in[p.pos], p.pos+1)
	case '{': // repeats nothing, but Java has it so
		n, ok, p.prog.differs = javaSequence(nil), true, true
	default:
		n, ok, err = p.atom(depth)
	}
	if err != nil || !ok || p.pos == len(p.in) {
		return n, ok, err
	}
	least, most := 0, -1
	switch {
	case p.at("*"):
	case p.at("+"):
		least = 1
	case p.at("?"):
		most = 1
	case p.in[p.pos] == '{':
		if least, most, err = p.bounds(); err != nil {
			return n, false, err
		}
	default:
		return n, true, nil
	}
	if n.min == 0 && most != 1 { // of what is nothing, Java keeps the groups
		p.prog.differs = true
	}
	lazy := p.at("?")
	n = javaRepeat(n, least, most, lazy)
	if !lazy && p.at("+") {
		n = javaAtomic(n)
	}
	return n, true, nil
}

// bounds reads {n}, {n,} or {n,m}.
func (p *javaParser) bounds() (least, most int, err error) {
	text := repetition.FindString(p.in[p.pos:])
	from, to, comma := strings.Cut(strings.Trim(text, "{}"), ",")
	least, err = strconv.Atoi(from)
	most = least
	if comma && to == "" {
		most = -1
	} else if comma && err == nil {
		most, err = strconv.Atoi(to)
	}
	switch {
	case text != "" && (err != nil || least > unbounded || most > unbounded):
		return 0, 0, fmt.Errorf("the repetition at %d is beyond %d", p.pos+1, unbounded)
	case text != "" && most >= 0 && most < least:
		return 0, 0, fmt.Errorf("the repetition at %d ends before it begins", p.pos+1)
	case text == "":
		return 0, 0, fmt.Errorf("{ at %d is no repetition; a brace is written \\{", p.pos+1)
	}
	p.pos += len(text)
	return least, most, nil
}

// atom reads a character, a class, an escape or a group.
func (p *javaParser) atom(depth int) (n javaNode, ok bool, err error) {
	switch c := p.in[p.pos]; c {
	case '(':
		return p.group(depth)
	case '[':
		class, err := p.readClass()
		return javaSet(class.set), true, err
	case '\\':
		n, err = p.escaped()
		return n, true, err
	case '.':
		p.pos++
		return javaOne(p.point()), true, nil
	case '^':
		p.pos++
		lines, unix := p.flags.lines, p.flags.unix
		return javaEmpty(func(m *javaMatch, at int) bool {
			if lines {
				return m.isBegin(at, unix)
			}
			return at == 0
		}), true, nil
	case '$':
		p.pos++
		return p.end(p.flags.lines), true, nil
	}
	r, size := utf8.DecodeRuneInString(p.in[p.pos:])
	p.pos += size
	return p.literal(r), true, nil
}

// point is what a point matches.
func (p *javaParser) point() func(rune) bool {
	switch {
	case p.flags.dotAll:
		return func(rune) bool { return true }
	case p.flags.unix:
		return func(r rune) bool { return r != '\n' }
	}
	return func(r rune) bool { return !strings.ContainsRune(lineEnds, r) }
}

// end is $ and \Z: the end, or that of the last line; with lines, of any.
func (p *javaParser) end(lines bool) javaNode {
	p.prog.needsNoEnds = true
	unix := p.flags.unix
	return javaEmpty(func(m *javaMatch, at int) bool { return m.isLast(at, unix) || lines && m.isEnd(at, unix) })
}

// literal is one character, whatever its case where that is wanted.
func (p *javaParser) literal(r rune) javaNode { return javaSet(p.fold([]rune{r, r})) }

// fold adds the other cases of a list of ranges where (?i) is on: those of
// letters in ASCII, and with (?u) of all.
func (p *javaParser) fold(set []rune) []rune {
	if !p.flags.fold {
		return set
	}
	most := rune(unicode.MaxASCII)
	if p.flags.unicode {
		most = unicode.MaxRune
	}
	var more []rune
	for i := 0; i < len(set); i += 2 {
		for r := set[i]; r <= min(set[i+1], most) && r < 0x20000; r++ { // no cases beyond
			for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
				if o <= most {
					more = append(more, o, o)
				}
			}
		}
	}
	return unite(set, more)
}

// escaped reads an escape.
func (p *javaParser) escaped() (javaNode, error) {
	start := p.pos
	if start+1 >= len(p.in) {
		return javaNode{}, fmt.Errorf("a backslash at the end")
	}
	c := p.in[start+1]
	switch {
	case c == 'Q':
		return p.quotedText(), nil
	case c >= '1' && c <= '9':
		p.pos++
		return p.backNumber(), nil
	case c == 'k':
		return p.backName()
	case strings.HasPrefix(p.in[start:], `\b{g}`):
		return javaNode{}, refused(`\b{g}`, start)
	case c == 'G', c == 'X', c == 'N':
		return javaNode{}, refused(p.in[start:start+2], start)
	}
	p.pos += 2
	switch c {
	case 'A':
		return javaEmpty(func(_ *javaMatch, at int) bool { return at == 0 }), nil
	case 'z':
		return javaEmpty(func(m *javaMatch, at int) bool { return at == len(m.text) }), nil
	case 'Z':
		return p.end(false), nil
	case 'b', 'B':
		p.prog.needsASCII = true
		return javaEmpty(func(m *javaMatch, at int) bool { return m.isBoundary(at) == (c == 'b') }), nil
	case 'R':
		set, err := goClass(javaVertical)
		return javaEither([]javaNode{javaSequence([]javaNode{p.plain('\r'), p.plain('\n')}), javaSet(set)}), err
	}
	p.pos = start
	text, _, err := p.set()
	if err != nil {
		return javaNode{}, err
	}
	set, err := goClass(text)
	return javaSet(p.fold(set)), err
}

func (p *javaParser) plain(r rune) javaNode { return javaSet([]rune{r, r}) }

// quotedText reads \Q…\E. What repeats it repeats its last character.
func (p *javaParser) quotedText() javaNode {
	text, _, closed := strings.Cut(p.in[p.pos+2:], `\E`)
	end := p.pos + 2 + len(text)
	if closed {
		end += 2
	}
	var nodes []javaNode
	for _, r := range text {
		nodes = append(nodes, p.literal(r))
	}
	p.pos = end
	if len(nodes) > 1 && p.pos < len(p.in) && strings.IndexByte("*+?{", p.in[p.pos]) >= 0 {
		// Read the last one again, by itself.
		_, size := utf8.DecodeLastRuneInString(text)
		last := text[len(text)-size:]
		p.in = p.in[:p.pos] + `\Q` + last + `\E` + p.in[p.pos:]
		nodes = nodes[:len(nodes)-1]
	}
	return javaSequence(nodes)
}

// backNumber reads the number behind a backslash: of as many digits as there
// are groups for so far.
func (p *javaParser) backNumber() javaNode {
	n := int(p.in[p.pos] - '0')
	p.pos++
	for p.pos < len(p.in) && p.in[p.pos] >= '0' && p.in[p.pos] <= '9' {
		more := 10*n + int(p.in[p.pos]-'0')
		if more > p.prog.groups {
			break
		}
		n = more
		p.pos++
	}
	return javaBack(n, p.same())
}

// backName reads \k<name>.
func (p *javaParser) backName() (javaNode, error) {
	name, _, ok := strings.Cut(strings.TrimPrefix(p.in[p.pos:], `\k<`), ">")
	n, known := p.prog.names[name]
	if !strings.HasPrefix(p.in[p.pos:], `\k<`) || !ok || !known {
		return javaNode{}, fmt.Errorf("the back reference \\k at %d is to no group that comes before", p.pos+1)
	}
	p.pos += len(`\k<`) + len(name) + 1
	return javaBack(n, p.same()), nil
}

// same compares what a group matched, under the flags.
func (p *javaParser) same() func(a, b string) bool {
	switch {
	case p.flags.fold && p.flags.unicode:
		return strings.EqualFold
	case p.flags.fold:
		return func(a, b string) bool { return lowerASCII(a) == lowerASCII(b) }
	}
	return func(a, b string) bool { return a == b }
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// group reads a group, or flags from here on.
func (p *javaParser) group(depth int) (n javaNode, ok bool, err error) {
	start, flags := p.pos, p.flags
	number, kind := 0, ""
	switch {
	case p.at("(?:"), p.at("(?>"), p.at("(?="), p.at("(?!"), p.at("(?<="), p.at("(?<!"):
		kind = p.in[start:p.pos]
	case p.at("(?<"):
		if number, err = p.name(start); err != nil {
			return n, false, err
		}
	case p.at("(?"):
		more, err := p.readGroupFlags(start)
		if err != nil || !more {
			return n, false, err
		}
		kind = "(?:"
	default:
		p.pos++
		p.prog.groups++
		number = p.prog.groups
	}
	if n, err = p.either(depth + 1); err != nil {
		return n, false, err
	}
	if !p.at(")") {
		return n, false, fmt.Errorf("the ( at %d is not closed", start+1)
	}
	p.flags = flags
	return kindOf(n, kind, number), true, nil
}

// kindOf makes of what is in a group what its beginning says.
func kindOf(n javaNode, kind string, number int) javaNode {
	switch kind {
	case "(?:":
		return n
	case "(?>":
		return javaAtomic(n)
	case "(?=", "(?!":
		return javaAhead(n, kind == "(?!")
	case "(?<=", "(?<!":
		return javaBehind(n, kind == "(?<!")
	}
	return javaGroup(number, n)
}

// name reads a group's name.
func (p *javaParser) name(start int) (number int, err error) {
	name, _, ok := strings.Cut(p.in[p.pos:], ">")
	good := ok && name != ""
	for i, c := range []byte(name) {
		good = good && (c|0x20 >= 'a' && c|0x20 <= 'z' || i > 0 && c >= '0' && c <= '9')
	}
	if !good {
		return 0, fmt.Errorf("the group at %d has no name of letters and digits", start+1)
	}
	if _, twice := p.prog.names[name]; twice {
		return 0, fmt.Errorf("the group at %d has the name of another", start+1)
	}
	p.pos += len(name) + 1
	p.prog.groups++
	p.prog.names[name] = p.prog.groups
	return p.prog.groups, nil
}

// readGroupFlags reads the flags of (?i) or (?i:, and whether a group follows.
func (p *javaParser) readGroupFlags(start int) (group bool, err error) {
	on := true
	for ; p.pos < len(p.in); p.pos++ {
		switch c := p.in[p.pos]; c {
		case '-':
			if !on {
				return false, fmt.Errorf("the - at %d is the second", p.pos+1)
			}
			on = false
		case ')', ':':
			p.pos++
			return c == ':', nil
		case 'i':
			p.flags.fold, p.prog.folds, p.prog.needsASCII = on, true, true
		case 'u':
			p.flags.unicode = on
		case 's':
			p.flags.dotAll, p.prog.needsNoEnds = on, true
		case 'm':
			p.flags.lines, p.prog.differs = on, true
		case 'd':
			p.flags.unix, p.prog.needsNoEnds = on, true
		case 'x', 'U':
			return false, refused("the flag "+string(c), p.pos)
		default:
			return false, fmt.Errorf("(? at %d begins no kind of group", start+1)
		}
	}
	return false, fmt.Errorf("the ( at %d is not closed", start+1)
}

// refused is the error of what Java has and kcgen has not.
func refused(what string, at int) error {
	return fmt.Errorf("%s at %d: kcgen does not have it", what, at+1)
}
