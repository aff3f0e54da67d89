package connect

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// JavaRegex is a regular expression of java.util.regex.Pattern, as JDK 17 has
// it. It is safe for concurrent use.
//
// Go's own engine, which takes time in proportion to the text, does what it can
// do as Java does it. Look-ahead and look-behind, back references, possessive
// quantifiers and atomic groups, and text in which the two engines differ (line
// ends at $, letters beyond ASCII at \b and under (?i)), are for one that tries
// and goes back: its steps are counted, and too many are an error.
type JavaRegex struct {
	text   string         // the pattern
	find   *regexp.Regexp // nil where Go cannot hold it
	whole  *regexp.Regexp
	ascii  bool // Go's are right for text in ASCII alone
	noEnds bool // and without the ends of lines
	slow   *javaProgram
}

// CompileJavaRegex compiles a pattern. An error names what is wrong, or what
// kcgen does not have, and its place: \G, \X, \N, \b{g}, the flags x and U,
// and properties of Java alone.
func CompileJavaRegex(pattern string) (*JavaRegex, error) {
	slow, err := parseJava(pattern)
	if err != nil {
		return nil, fmt.Errorf("connect: regular expression %s: %w", asWritten(pattern), err)
	}
	re := &JavaRegex{text: pattern, slow: slow}
	if re.find, err = translateJava(pattern); err != nil {
		return re, nil
	}
	if re.whole, err = regexp.Compile(`\A(?:` + re.find.String() + `)\z`); err != nil || re.find.NumSubexp() != slow.groups {
		re.find = nil
	}
	re.ascii, re.noEnds = slow.needsASCII, slow.needsNoEnds
	if slow.differs || slow.folds && (!isASCII(pattern) || writesCodes.MatchString(pattern)) {
		re.find = nil
	}
	return re, nil
}

// asWritten quotes a pattern without doubling its backslashes, so that the
// places in it that an error names can be counted.
func asWritten(pattern string) string {
	if len(pattern) <= 64 && strconv.CanBackquote(pattern) {
		return "`" + pattern + "`"
	}
	return quote(pattern)
}

// writesCodes is of patterns that may name more than ASCII by escapes.
var writesCodes = regexp.MustCompile(`\\[xu0pP]`)

// Matches reports whether all of the text matches (Matcher.matches).
func (re *JavaRegex) Matches(text string) (bool, error) {
	if re.fast(text) {
		return re.whole.MatchString(text), nil
	}
	m, err := re.slow.run(text, true)
	return m != nil, err
}

// Find gives the first match (Matcher.find): where it and each group begin and
// end, -1 for a group that took no part; nil where there is none.
func (re *JavaRegex) Find(text string) ([]int, error) {
	if re.fast(text) {
		return re.find.FindStringSubmatchIndex(text), nil
	}
	return re.slow.run(text, false)
}

// fast reports whether Go's engine says of a text what Java's does.
func (re *JavaRegex) fast(text string) bool {
	return re.find != nil && (!re.ascii || isASCII(text)) && (!re.noEnds || !strings.ContainsAny(text, lineEnds))
}

// NumSubexp is the number of groups.
func (re *JavaRegex) NumSubexp() int { return re.slow.groups }

// SubexpIndex is the number of the group with a name; -1 where there is none.
func (re *JavaRegex) SubexpIndex(name string) int {
	if n, ok := re.slow.names[name]; ok {
		return n
	}
	return -1
}

// String is the pattern as Go writes it, and where Go has none, as it was given.
func (re *JavaRegex) String() string {
	if re.find == nil {
		return re.text
	}
	return re.find.String()
}

// lineEnds are the characters that end a line for Java.
const lineEnds = "\n\r\u0085\u2028\u2029"

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
