package wiring

import (
	"regexp"
	"strings"

	"kcgen.dev/compiler/plan"
)

// Reads says whether a sink reads a topic, by name or by pattern.
func (c Connector) Reads(topic string) bool {
	for _, e := range c.List("topics") {
		if l, ok := e.(*plan.Lit); ok && l.Str == topic {
			return true
		}
	}
	pattern := c.Text("topicsRegex")
	if pattern == "" || HasRef(pattern) || HasRef(topic) {
		return false
	}
	re, err := regexp.Compile(`^(?:` + pattern + `)$`)
	return err == nil && re.MatchString(topic)
}

// Topic is the one topic that a source fills; empty where there are several, or
// where that is not known before it runs.
func (c Connector) Topic() string {
	conn := c.Struct.Struct("connector")
	topic := conn.Text("topic")
	if c.Is("kcgen.dev/runtime/connector/sql.Source") && conn.Get("query") != nil {
		topic = conn.Text("topicPrefix")
	}
	if c.Sink || HasRef(topic) || c.Moves() {
		return ""
	}
	return topic
}

// Prefix is what the topics of a source that has one for each table begin with; empty where that is not known.
func (c Connector) Prefix() string {
	conn := c.Struct.Struct("connector")
	prefix := conn.Text("topicPrefix")
	if c.Sink || prefix == "" || HasRef(prefix) || c.Moves() || conn.Get("query") != nil {
		return ""
	}
	return prefix + conn.Text("topicDelimiter")
}

// Moves says whether the chain may send records to another topic: a transform
// has an option that names topics, or is not kcgen's own.
func (c Connector) Moves() bool {
	for _, step := range c.Structs("transforms") {
		if do := step.Struct("do"); do == nil || !strings.HasPrefix(do.Type.Path, "kcgen.dev/") || Routes(do) {
			return true
		}
	}
	return false
}

// Routes says whether a transform has an option that names topics.
func Routes(do *plan.Struct) bool {
	for _, f := range do.Fields {
		if f.Change == "renamed" {
			return true
		}
	}
	return false
}
