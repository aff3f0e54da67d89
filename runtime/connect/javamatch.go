package connect

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a match may cost: steps, and steps within each other.
const (
	maxJavaSteps = 1_000_000
	maxJavaDepth = 20_000
)

// javaProgram is a pattern that is ready to run.
type javaProgram struct {
	start  javaNode
	groups int
	names  map[string]int

	folds       bool // (?i) is somewhere
	differs     bool // from Go's in any text
	needsASCII  bool // Go differs in text beyond ASCII
	needsNoEnds bool // and at the ends of lines
}

// javaNode matches from a place on and calls next with each place where it may
// end, until next is content. Its length is at least min and at most max runes.
type javaNode struct {
	match    func(m *javaMatch, at int, next func(int) bool) bool
	min, max int
	one      func(rune) bool // where it is one character
}

// unbounded is the length of what has no longest one.
const unbounded = 1 << 30

// javaMatch is one try to match a text.
type javaMatch struct {
	text   string
	groups []int
	steps  int
	depth  int
	over   bool // it took too much, and all fails from here on
}

// step counts one, and reports whether it may be done.
func (m *javaMatch) step() bool {
	m.steps++
	if m.steps > maxJavaSteps || m.depth > maxJavaDepth {
		m.over = true
	}
	return !m.over
}

// run looks for a match: of the whole text, or the first one.
func (p *javaProgram) run(text string, whole bool) ([]int, error) {
	m := &javaMatch{text: text, groups: make([]int, 2*p.groups+2)}
	for at := 0; at <= len(text); at += m.size(at) {
		for i := range m.groups {
			m.groups[i] = -1
		}
		if p.start.match(m, at, func(end int) bool {
			m.groups[0], m.groups[1] = at, end
			return !m.over && (!whole || end == len(text))
		}) {
			return m.groups, nil
		}
		if m.over {
			return nil, fmt.Errorf("connect: match %s with a regular expression: too many ways to try, after %d steps", quote(text), m.steps)
		}
		if whole {
			break
		}
	}
	return nil, nil
}

// size is the length of the character at a place; 1 at the end.
func (m *javaMatch) size(at int) int {
	_, n := utf8.DecodeRuneInString(m.text[at:])
	return max(n, 1)
}

// save and restore keep the groups over what must not change them.
func (m *javaMatch) save() []int { return append([]int(nil), m.groups...) }

func (m *javaMatch) restore(groups []int) bool {
	copy(m.groups, groups)
	return false
}

// within does something one step deeper.
func (m *javaMatch) within(do func() bool) bool {
	m.depth++
	ok := m.step() && do()
	m.depth--
	return ok
}

// javaEmpty matches nothing, anywhere that holds says.
func javaEmpty(holds func(m *javaMatch, at int) bool) javaNode {
	return javaNode{match: func(m *javaMatch, at int, next func(int) bool) bool {
		return m.step() && holds(m, at) && next(at)
	}}
}

// javaOne matches one character.
func javaOne(is func(rune) bool) javaNode {
	return javaNode{min: 1, max: 1, one: is, match: func(m *javaMatch, at int, next func(int) bool) bool {
		if !m.step() || at >= len(m.text) {
			return false
		}
		r, n := utf8.DecodeRuneInString(m.text[at:])
		return is(r) && next(at+n)
	}}
}

// javaSet matches one character of a list of ranges, which are in order.
func javaSet(set []rune) javaNode {
	return javaOne(func(r rune) bool { return inRanges(set, r) })
}

func inRanges(set []rune, r rune) bool {
	lo, hi := 0, len(set)/2
	for lo < hi {
		mid := (lo + hi) / 2
		switch {
		case r < set[2*mid]:
			hi = mid
		case r > set[2*mid+1]:
			lo = mid + 1
		default:
			return true
		}
	}
	return false
}

// javaSequence matches one after the other.
func javaSequence(nodes []javaNode) javaNode {
	if len(nodes) == 0 {
		return javaEmpty(func(*javaMatch, int) bool { return true })
	}
	all := nodes[len(nodes)-1]
	for i := len(nodes) - 2; i >= 0; i-- {
		first, rest := nodes[i], all
		all = javaNode{min: addLength(first.min, rest.min), max: addLength(first.max, rest.max)}
		all.match = func(m *javaMatch, at int, next func(int) bool) bool {
			return first.match(m, at, func(end int) bool { return rest.match(m, end, next) })
		}
	}
	return all
}

func addLength(a, b int) int { return min(a+b, unbounded) }

// javaEither matches one of several, the first that does.
func javaEither(nodes []javaNode) javaNode {
	if len(nodes) == 1 {
		return nodes[0]
	}
	any := javaNode{min: unbounded}
	for _, n := range nodes {
		any.min, any.max = min(any.min, n.min), max(any.max, n.max)
	}
	any.match = func(m *javaMatch, at int, next func(int) bool) bool {
		for _, n := range nodes {
			if m.step() && n.match(m, at, next) {
				return true
			}
		}
		return false
	}
	return any
}

// javaGroup notes where a group begins and ends.
func javaGroup(n int, body javaNode) javaNode {
	group := javaNode{min: body.min, max: body.max}
	group.match = func(m *javaMatch, at int, next func(int) bool) bool {
		return body.match(m, at, func(end int) bool {
			from, to := m.groups[2*n], m.groups[2*n+1]
			m.groups[2*n], m.groups[2*n+1] = at, end
			if next(end) {
				return true
			}
			m.groups[2*n], m.groups[2*n+1] = from, to
			return false
		})
	}
	return group
}

// javaRepeat matches a node from least to most times (most < 0: any number),
// as often as it can, or lazily as seldom.
func javaRepeat(body javaNode, least, most int, lazy bool) javaNode {
	node := javaNode{min: timesLength(body.min, least), max: timesLength(body.max, most)}
	if body.one != nil && !lazy {
		node.match = repeatOne(body.one, least, most)
		return node
	}
	var again func(m *javaMatch, at, count int, next func(int) bool) bool
	again = func(m *javaMatch, at, count int, next func(int) bool) bool {
		more := func() bool {
			return (most < 0 || count < most) && body.match(m, at, func(end int) bool {
				if end == at { // nothing: as often as one likes
					return next(end)
				}
				return again(m, end, count+1, next)
			})
		}
		return m.within(func() bool {
			switch {
			case count < least:
				return more()
			case lazy:
				return next(at) || more()
			}
			return more() || next(at)
		})
	}
	node.match = func(m *javaMatch, at int, next func(int) bool) bool { return again(m, at, 0, next) }
	return node
}

func timesLength(length, times int) int {
	switch {
	case length == 0:
		return 0
	case times < 0 || times > unbounded/length:
		return unbounded
	}
	return length * times
}

// repeatOne matches one character as often as it comes, and gives back one
// after the other.
func repeatOne(is func(rune) bool, least, most int) func(*javaMatch, int, func(int) bool) bool {
	return func(m *javaMatch, at int, next func(int) bool) bool {
		end, count := at, 0
		for end < len(m.text) && (most < 0 || count < most) && m.step() {
			r, n := utf8.DecodeRuneInString(m.text[end:])
			if !is(r) {
				break
			}
			end, count = end+n, count+1
		}
		for ; count >= least && m.step(); count-- {
			if next(end) {
				return true
			}
			if count == 0 {
				break
			}
			_, n := utf8.DecodeLastRuneInString(m.text[at:end])
			end -= n
		}
		return false
	}
}

// javaAtomic matches as the node does first, and never another way.
func javaAtomic(body javaNode) javaNode {
	return javaNode{min: body.min, max: body.max, match: func(m *javaMatch, at int, next func(int) bool) bool {
		groups, to := m.save(), 0
		if !body.match(m, at, func(end int) bool { to = end; return true }) {
			return false
		}
		return next(to) || m.restore(groups)
	}}
}

// javaAhead looks whether the node matches from here on, or does not.
func javaAhead(body javaNode, not bool) javaNode {
	return javaNode{match: func(m *javaMatch, at int, next func(int) bool) bool {
		groups := m.save()
		if body.match(m, at, func(int) bool { return true }) == not {
			return m.restore(groups)
		}
		if not {
			m.restore(groups)
		}
		return m.step() && next(at) || m.restore(groups)
	}}
}

// javaBehind looks whether the node matches something that ends here, the
// shortest first, or does not.
func javaBehind(body javaNode, not bool) javaNode {
	return javaNode{match: func(m *javaMatch, at int, next func(int) bool) bool {
		groups, found := m.save(), false
		from := at
		for back := 0; back <= body.max && !found && m.step(); back++ {
			found = back >= body.min && body.match(m, from, func(end int) bool { return end == at })
			if from == 0 {
				break
			}
			_, n := utf8.DecodeLastRuneInString(m.text[:from])
			from -= n
		}
		if found == not {
			return m.restore(groups)
		}
		return m.step() && next(at) || m.restore(groups)
	}}
}

// javaBack matches what a group matched; nothing where it took no part.
func javaBack(group int, fold func(a, b string) bool) javaNode {
	return javaNode{max: unbounded, match: func(m *javaMatch, at int, next func(int) bool) bool {
		if !m.step() || 2*group >= len(m.groups) || m.groups[2*group] < 0 {
			return false
		}
		text := m.text[m.groups[2*group]:m.groups[2*group+1]]
		end := at + len(text)
		return end <= len(m.text) && fold(m.text[at:end], text) && next(end)
	}}
}

// Places of Java's: ends of lines, and of words.

// isEnd reports whether a line ends at a place, before what ends it; with
// unix, \n alone does.
func (m *javaMatch) isEnd(at int, unix bool) bool {
	rest := m.text[at:]
	if unix {
		return strings.HasPrefix(rest, "\n")
	}
	if strings.HasPrefix(rest, "\n") {
		return at == 0 || m.text[at-1] != '\r'
	}
	r, n := utf8.DecodeRuneInString(rest)
	return n > 0 && strings.ContainsRune(lineEnds, r)
}

// isLast reports whether nothing comes but the end of the last line.
func (m *javaMatch) isLast(at int, unix bool) bool {
	rest := m.text[at:]
	if rest == "" {
		return true
	}
	_, n := utf8.DecodeRuneInString(rest)
	return m.isEnd(at, unix) && (n == len(rest) || !unix && rest == "\r\n")
}

// isBegin reports whether a line begins at a place.
func (m *javaMatch) isBegin(at int, unix bool) bool {
	switch {
	case at == len(m.text): // nor in an empty text
		return false
	case at == 0:
		return true
	case unix:
		return m.text[at-1] == '\n'
	}
	r, _ := utf8.DecodeLastRuneInString(m.text[:at])
	return strings.ContainsRune(lineEnds, r) && (r != '\r' || m.text[at] != '\n')
}

// isBoundary reports whether a word begins or ends at a place.
func (m *javaMatch) isBoundary(at int) bool {
	before, after := false, false
	if at > 0 {
		r, n := utf8.DecodeLastRuneInString(m.text[:at])
		before = m.inWord(r, at-n)
	}
	if at < len(m.text) {
		r, _ := utf8.DecodeRuneInString(m.text[at:])
		after = m.inWord(r, at)
	}
	return before != after
}

// inWord reports whether the character at a place is of a word: a letter, a
// digit, _, or a mark on one of the first two.
func (m *javaMatch) inWord(r rune, at int) bool {
	if r == '_' {
		return true
	}
	for unicode.Is(unicode.Mn, r) && at > 0 {
		var n int
		r, n = utf8.DecodeLastRuneInString(m.text[:at])
		at -= n
		if r == '_' {
			return false
		}
	}
	return unicode.IsLetter(r) || unicode.Is(unicode.Nd, r)
}
