package check

import (
	"fmt"
	"regexp"
	"strings"

	"kcgen.dev/compiler/plan"
)

// topics: a sink reads topics by name or by pattern.
func topics(c *checker) {
	for _, s := range c.connectors() {
		if !s.sink {
			continue
		}
		names, pattern := s.Get("topics"), s.Get("topicsRegex")
		switch {
		case names == nil && pattern == nil:
			c.say(s.path+".topics", "is missing: a sink reads topics, or what topicsRegex matches", s.Pos)
		case names != nil && pattern != nil:
			c.say(s.path+".topicsRegex", "stands beside topics: only one of both can say what the sink reads", pattern.Pos, s.Pos)
		}
		seen := map[string]bool{}
		for i, e := range s.List("topics") {
			l, ok := e.(*plan.Lit)
			if ok && seen[l.Str] {
				c.say(fmt.Sprintf("%s.topics[%d]", s.path, i), fmt.Sprintf("%q is there twice", l.Str), l.Pos, s.Pos)
			}
			if ok {
				seen[l.Str] = true
			}
		}
	}
}

// reads says whether a sink reads a topic, by name or by pattern.
func reads(s connector, topic string) bool {
	for _, e := range s.List("topics") {
		if l, ok := e.(*plan.Lit); ok && l.Str == topic {
			return true
		}
	}
	pattern := s.Text("topicsRegex")
	if pattern == "" || hasRef(pattern) || hasRef(topic) {
		return false
	}
	re, err := regexp.Compile(`^(?:` + pattern + `)$`)
	return err == nil && re.MatchString(topic)
}

// hasRef says whether a string has a reference that is read only at start.
func hasRef(s string) bool { return strings.Contains(s, "${") }

// groups: two sinks of one consumer group share their topics' records, which
// no one means.
func groups(c *checker) {
	common := c.root.Struct("worker").Struct("consumer").Text("groupId")
	first := map[string]string{}
	for _, s := range c.connectors() {
		if !s.sink {
			continue
		}
		group := s.Struct.Struct("consumer").Text("groupId")
		at := pos(s.Struct.Struct("consumer"), "groupId")
		if group == "" {
			group, at = common, pos(c.root.Struct("worker").Struct("consumer"), "groupId")
		}
		if group == "" {
			group = "connect-" + s.Key()
		}
		if other, ok := first[group]; ok {
			c.say(s.path+".consumer.groupId", fmt.Sprintf("the consumer group %q is that of %s too: each would get a part of the records", group, other), at, s.Pos)
			continue
		}
		first[group] = s.path
	}
}

// offsetsTopic: the topic of the sources' offsets is kcgen's own.
func offsetsTopic(c *checker) {
	offsets := c.root.Struct("worker").Text("offsetStorageTopic")
	if offsets == "" {
		return
	}
	const why = "is worker.offsetStorageTopic, which holds the sources' offsets: take another topic"
	for _, s := range c.connectors() {
		conn, queue := s.Struct.Struct("connector"), s.Struct.Struct("errors").Struct("deadLetterQueue")
		if !s.sink && conn.Text("topic") == offsets {
			c.say(s.path+".connector.topic", why, pos(conn, "topic"), s.Pos)
		}
		if queue.Text("topicName") == offsets {
			c.say(s.path+".errors.deadLetterQueue.topicName", why, pos(queue, "topicName"), s.Pos)
		}
	}
}

// creation: Kafka Connect's names for the group that includes everything.
func creation(c *checker) {
	for _, s := range c.connectors() {
		for _, g := range s.Struct.Struct("topicCreation").Structs("groups") {
			if g.Key() == "default" {
				c.say(s.path+".topicCreation.groups.default", "is taken: settings for all other topics stand in topicCreation.default", g.Pos, s.Pos)
			}
		}
	}
}
