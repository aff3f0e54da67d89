package diag

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"
)

// rest tells the causes that CUE finds and the walk did not: cycles,
// comprehensions, conflicts of the user's own constraints.
func (x *explainer) rest() {
	groups := map[string][]errors.Error{}
	var order []string
	var fed []token.Pos // texts that a failed value is put into: told at the value
	for _, e := range errors.Errors(x.Value.Validate(cue.Concrete(true))) {
		p := pathOf(e.Path())
		if groups[p] == nil {
			order = append(order, p)
		}
		groups[p] = append(groups[p], e)
		if interpolation(e) {
			fed = append(fed, x.place(e))
		}
	}
	cycle := false
	x.closed(groups)
	for _, p := range order {
		e := telling(groups[p])
		if x.covered(p) || cycle && len(concrete(x.userParts(x.Value.LookupPath(selectors(e.Path()))))) == 0 {
			continue // a cycle is told once, and not what hangs on it
		}
		if !interpolation(e) && slices.Contains(fed, x.place(e)) {
			continue
		}
		cycle = cycle || strings.HasPrefix(Message(e), "cycle with field")
		x.say(x.place(e), p, x.generic(e, groups[p]), e.Position())
	}
}

// covered says whether a fault at this path, inside it or around it is told.
func (x *explainer) covered(path string) bool {
	for told := range x.faults {
		if within(told, path) || within(path, told) {
			return true
		}
	}
	return false
}

func within(path, outer string) bool {
	if path == outer || outer == "" {
		return true
	}
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest[0] == '.' || rest[0] == '[')
}

// telling is the error of a place that says most.
func telling(errs []errors.Error) errors.Error {
	return slices.MinFunc(errs, func(a, b errors.Error) int { return vague(a) - vague(b) })
}

// vague ranks messages: a bound names the cause, a conflict may be that of a
// default alone, and a summary of a disjunction says nothing.
func vague(e errors.Error) int {
	switch msg := Message(e); {
	case interpolation(e):
		return 4
	case strings.Contains(msg, "in empty disjunction"):
		return noCause
	case strings.HasPrefix(msg, "conflicting values"):
		return 2
	case strings.Contains(msg, "out of bound"):
		return 0
	}
	return 1
}

// noCause is how vague a summary is.
const noCause = 3

func interpolation(e errors.Error) bool {
	return strings.HasPrefix(Message(e), "invalid interpolation")
}

// place is the user's own line nearest to an error.
func (x *explainer) place(e errors.Error) token.Pos {
	for _, p := range append([]token.Pos{e.Position()}, e.InputPositions()...) {
		if x.IsUser(p) {
			return p
		}
	}
	labels := e.Path()
	for n := len(labels); n > 0; n-- {
		if parts := x.userParts(x.Value.LookupPath(selectors(labels[:n]))); len(parts) > 0 {
			return parts[0].value
		}
	}
	return x.top()
}

func selectors(labels []string) cue.Path {
	var path []cue.Selector
	for _, l := range labels {
		if i, err := strconv.Atoi(l); err == nil && len(path) > 0 {
			path = append(path, cue.Index(i))
			continue
		}
		path = append(path, cue.ParsePath(l).Selectors()...)
	}
	return cue.MakePath(path...)
}

var (
	conflict = regexp.MustCompile(`^conflicting values (.+?) and (.+?)( \(mismatched types .*\))?$`)
	bound    = regexp.MustCompile(`^invalid value (.+) \(out of bound (.+)\)$`)
)

// generic is CUE's own message in the words of this tool; the arms of a
// disjunction become one line.
func (x *explainer) generic(e errors.Error, all []errors.Error) string {
	msg := Message(e)
	if m := bound.FindStringSubmatch(msg); m != nil {
		if re, ok := strings.CutPrefix(m[2], "=~"); ok {
			if s, err := strconv.Unquote(re); err == nil {
				re = s
			}
			return fmt.Sprintf("%s does not match %s", m[1], re)
		}
		return fmt.Sprintf("%s is out of range: must be %s", m[1], m[2])
	}
	if name, ok := strings.CutSuffix(msg, "field is required but not present"); ok {
		return name + "required field is missing"
	}
	if vague(e) < 2 || interpolation(e) {
		return msg
	}
	var arms []string
	for _, o := range all {
		if m := conflict.FindStringSubmatch(Message(o)); m != nil {
			arms = append(arms, m[1])
			msg = fmt.Sprintf("%s is not one of %s", shorten(m[2]), strings.Join(arms, ", "))
		}
	}
	if len(arms) == 1 {
		return Message(e)
	}
	return msg
}

// Message is a CUE error's text on one line, with the cause that it wraps.
func Message(e errors.Error) string {
	format, args := e.Msg()
	msg := fmt.Sprintf(format, args...)
	if cause := errors.Unwrap(e); cause != nil {
		var inner errors.Error
		text := cause.Error()
		if errors.As(cause, &inner) {
			f, a := inner.Msg()
			text = fmt.Sprintf(f, a...)
		}
		if text != "" && !strings.Contains(msg, text) {
			msg = strings.TrimSuffix(msg, ":") + ": " + text
		}
	}
	msg = strings.Join(strings.Fields(inPackage.ReplaceAllString(msg, "")), " ")
	return strings.TrimSuffix(shortenTo(msg, 400), ":")
}

// inPackage is CUE's mark of whose hidden field a name is: _a(:p).
var inPackage = regexp.MustCompile(`\([A-Za-z0-9_./@-]*:[A-Za-z0-9_]+\)`)

func shortenTo(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

var plainLabel = regexp.MustCompile(`^[A-Za-z0-9_$#-]+$`)

// Label is a name as a path shows it: quoted only where it has a dot, a space
// or the like.
func Label(name string) string {
	if plainLabel.MatchString(name) {
		return name
	}
	return strconv.Quote(shorten(name))
}

func join(path, name string) string {
	if path == "" {
		return Label(name)
	}
	return path + "." + Label(name)
}

// pathOf prints CUE's form of a path, in which an index is a bare number.
func pathOf(labels []string) string {
	path := ""
	for _, l := range labels {
		if _, err := strconv.Atoi(l); err == nil && path != "" {
			path += "[" + l + "]"
			continue
		}
		if s, err := strconv.Unquote(l); err == nil {
			l = s
		}
		path = join(path, l)
	}
	return path
}
