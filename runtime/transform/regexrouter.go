package transform

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = RegexRouter{}

// maxTopics is how many topics' new names are kept.
const maxTopics = 1024

// Open compiles the regular expression and the replacement, and gives the
// function that routes.
func (x RegexRouter) Open() (connect.Apply, error) {
	route, err := x.Route()
	if err != nil {
		return nil, fmt.Errorf("transform: open RegexRouter: %w", err)
	}
	last, to, first := "", "", true
	known := map[string]string{}
	return func(r *connect.Record) (bool, error) {
		if r.Topic != last || first {
			next, ok := known[r.Topic]
			if !ok {
				if next, err = route(r.Topic); err != nil {
					return false, fmt.Errorf("transform: RegexRouter: %w", err)
				}
				if len(known) >= maxTopics {
					clear(known)
				}
				known[strings.Clone(r.Topic)] = next
			}
			last, to, first = r.Topic, next, false
		}
		r.Topic = to
		return true, nil
	}, nil
}

// Flow routes the topic, where it is known.
func (x RegexRouter) Flow(s *connect.Shape) error {
	route, err := x.Route()
	if err == nil && s.Topic != "" {
		s.Topic, err = route(s.Topic)
	}
	return err
}

// Route gives what finds a topic's new name.
func (x RegexRouter) Route() (func(topic string) (string, error), error) {
	re, err := connect.CompileJavaRegex(x.Regex)
	if err != nil {
		return nil, ofOption("regex", err)
	}
	with, err := readReplacement(x.Replacement, re)
	if err != nil {
		return nil, ofOption("replacement", fmt.Errorf("%q: %w", x.Replacement, err))
	}
	return func(topic string) (string, error) { return route(re, with, topic) }, nil
}

// route is a topic's new name. As in Kafka Connect, the topic has to match as a
// whole, but what is replaced is the first match, which may be shorter.
func route(re *connect.JavaRegex, with []replacement, topic string) (string, error) {
	if whole, err := re.Matches(topic); err != nil || !whole {
		return topic, err
	}
	m, err := re.Find(topic)
	if err != nil || m == nil {
		return topic, err
	}
	var b strings.Builder
	b.WriteString(topic[:m[0]])
	for _, p := range with {
		b.WriteString(p.text)
		if i := 2 * p.group; i >= 0 && m[i] >= 0 {
			b.WriteString(topic[m[i]:m[i+1]])
		}
	}
	b.WriteString(topic[m[1]:])
	return b.String(), nil
}

// replacement is a text, and the group behind it, or -1.
type replacement struct {
	text  string
	group int
}

// readReplacement reads what Java's Matcher.replaceFirst takes.
func readReplacement(in string, re *connect.JavaRegex) (out []replacement, err error) {
	var text strings.Builder
	for i := 0; i < len(in); i++ {
		switch in[i] {
		case '\\':
			if i++; i == len(in) {
				return nil, fmt.Errorf("a backslash at the end")
			}
			text.WriteByte(in[i])
		case '$':
			group, length, err := readGroup(in[i+1:], re)
			if err != nil {
				return nil, err
			}
			out = append(out, replacement{text.String(), group})
			text.Reset()
			i += length
		default:
			text.WriteByte(in[i])
		}
	}
	return append(out, replacement{text.String(), -1}), nil
}

// readGroup reads what follows a $: the number of a group, of as many digits
// as there are groups for, or its name in braces.
func readGroup(in string, re *connect.JavaRegex) (group, length int, err error) {
	if strings.HasPrefix(in, "{") {
		name, _, ok := strings.Cut(in[1:], "}")
		if !ok || name == "" {
			return 0, 0, fmt.Errorf("${ without a name and }")
		}
		if group = re.SubexpIndex(name); group < 0 {
			return 0, 0, fmt.Errorf("no group has the name %q", name)
		}
		return group, len(name) + 2, nil
	}
	for length < len(in) && in[length] >= '0' && in[length] <= '9' {
		next := group*10 + int(in[length]-'0')
		if length > 0 && next > re.NumSubexp() {
			break
		}
		group = next
		length++
	}
	switch {
	case length == 0:
		return 0, 0, fmt.Errorf("a $ without a group; a dollar is written \\$")
	case group > re.NumSubexp():
		return 0, 0, fmt.Errorf("no group %d: there are %d", group, re.NumSubexp())
	}
	return group, length, nil
}
