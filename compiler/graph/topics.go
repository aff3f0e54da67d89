package graph

import (
	"regexp"
	"strings"

	"kcgen.dev/compiler/plan"
)

// filled are the topics of a source, as far as its options and its transforms
// tell: by Kafka Connect's names for options, which all connectors share.
func filled(s *plan.Struct) []topic {
	topics := named(s.Struct("connector"))
	for _, step := range s.Structs("transforms") {
		topics = moved(topics, step)
	}
	return topics
}

// named are the topics that a source connector's own options name.
func named(c *plan.Struct) []topic {
	if t := c.Text("topic"); t != "" {
		return []topic{{name: t}}
	}
	prefix := c.Text("topicPrefix")
	if prefix == "" {
		return []topic{{name: "chosen by " + component(c), kind: unknown}}
	}
	if c.Text("query") != "" {
		return []topic{{name: prefix}}
	}
	var topics []topic
	for _, t := range tables(c) {
		if d := c.Get("topicDelimiter"); d != nil {
			delimiter := text(d)
			t.name = prefix + delimiter + strings.ReplaceAll(t.name, ".", delimiter)
		} else { // the table alone is in the topic's name, without its schema
			t.name = prefix + t.name[strings.LastIndexByte(t.name, '.')+1:]
		}
		topics = append(topics, t)
	}
	if changes := c.Lit("includeSchemaChanges"); changes != nil && changes.Bool {
		topics = append(topics, topic{name: prefix})
	}
	return topics
}

// tables are those that a connector is told to read; all, where it is not.
func tables(c *plan.Struct) (out []topic) {
	for _, t := range texts(c.List("tableWhitelist")) {
		out = append(out, topic{name: t})
	}
	for _, t := range texts(c.List("tableIncludeList")) {
		out = append(out, globOf(t))
	}
	if len(out) == 0 {
		out = []topic{{name: "*", kind: glob}}
	}
	return out
}

// moved are the topics behind a step.
func moved(topics []topic, step *plan.Struct) []topic {
	do := step.Struct("do")
	if !moves(do) {
		return topics
	}
	always := step.Get("when") == nil && step.Get("unless") == nil
	var out []topic
	for _, t := range topics {
		now := route(t, do)
		if !always && now != t {
			t.maybe, now.maybe = true, true
			out = append(out, t)
		}
		out = append(out, now)
	}
	return unique(out)
}

// moves says whether a transform may give records another topic: the change of
// one of its options renames.
func moves(do *plan.Struct) bool {
	if do == nil {
		return false
	}
	for _, f := range do.Fields {
		if f.Change == "renamed" {
			return true
		}
	}
	return false
}

// route is where a transform sends the records of a topic. What it cannot tell
// is unknown.
func route(t topic, do *plan.Struct) topic {
	for _, names := range [][2]string{{"regex", "replacement"}, {"topicRegex", "topicReplacement"}} {
		if from, to := do.Lit(names[0]), do.Lit(names[1]); from != nil && to != nil {
			return replaced(t, from.Str, to.Str)
		}
	}
	if f := do.Text("topicFormat"); f != "" && t.kind != unknown {
		name := strings.NewReplacer("${topic}", t.name, "${timestamp}", "*").Replace(f)
		return topic{name: name, kind: globOrName(name)}
	}
	if f := do.Text("routeTopicReplacement"); f != "" {
		name := variable.ReplaceAllString(f, "*")
		return topic{name: name, kind: globOrName(name)}
	}
	return topic{name: "chosen by " + component(do), kind: unknown}
}

var (
	variable = regexp.MustCompile(`\$(\{[A-Za-z][A-Za-z0-9]*\}|[0-9])`)
	group    = regexp.MustCompile(`\$([0-9])`)
)

// replaced is a topic's name behind a router by regular expression, as Java's
// Matcher does it: the whole name must match.
func replaced(t topic, from, to string) topic {
	re, err := regexp.Compile(`^(?:` + from + `)$`)
	if err != nil || t.kind == unknown {
		return topic{name: variable.ReplaceAllString(to, "*"), kind: glob}
	}
	if !re.MatchString(t.name) {
		return t
	}
	t.name = re.ReplaceAllString(t.name, group.ReplaceAllString(to, "$${$1}"))
	return t
}

// emptied are the topics that a sink reads.
func emptied(s *plan.Struct) []topic {
	if p := s.Text("topicsRegex"); p != "" {
		return []topic{{name: p, kind: regex}}
	}
	var out []topic
	for _, t := range texts(s.List("topics")) {
		out = append(out, topic{name: t})
	}
	return out
}

// texts are the strings of a list.
func texts(list []plan.Node) (out []string) {
	for _, e := range list {
		if l, ok := e.(*plan.Lit); ok && l.Kind == plan.String {
			out = append(out, l.Str)
		}
	}
	return out
}

func unique(topics []topic) (out []topic) {
next:
	for _, t := range topics {
		for _, o := range out {
			if o.same(t) {
				continue next
			}
		}
		out = append(out, t)
	}
	return out
}
