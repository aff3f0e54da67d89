package check

import (
	"fmt"

	"kcgen.dev/compiler/plan"
)

// topics: a sink reads topics by name or by pattern.
func topics(c *checker) {
	for _, s := range c.connectors() {
		if !s.Sink {
			continue
		}
		names, pattern := s.Get("topics"), s.Get("topicsRegex")
		switch {
		case names == nil && pattern == nil:
			c.say(s.Path+".topics", "is missing: a sink reads topics, or what topicsRegex matches", s.Pos)
		case names != nil && pattern != nil:
			c.say(s.Path+".topicsRegex", "stands beside topics: only one of both can say what the sink reads", pattern.Pos, s.Pos)
		}
		seen := map[string]bool{}
		for i, e := range s.List("topics") {
			l, ok := e.(*plan.Lit)
			if ok && seen[l.Str] {
				c.say(fmt.Sprintf("%s.topics[%d]", s.Path, i), fmt.Sprintf("%q is there twice", l.Str), l.Pos, s.Pos)
			}
			if ok {
				seen[l.Str] = true
			}
		}
	}
}

// groups: two sinks of one consumer group share their topics' records, which
// no one means.
func groups(c *checker) {
	first := map[string]string{}
	for _, s := range c.connectors() {
		if !s.Sink {
			continue
		}
		group, at := s.Group(c.root)
		if other, ok := first[group]; ok {
			c.say(s.Path+".consumer.groupId", fmt.Sprintf("the consumer group %q is that of %s too: each would get a part of the records", group, other), at, s.Pos)
			continue
		}
		first[group] = s.Path
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
		if !s.Sink && conn.Text("topic") == offsets {
			c.say(s.Path+".connector.topic", why, pos(conn, "topic"), s.Pos)
		}
		if queue.Text("topicName") == offsets {
			c.say(s.Path+".errors.deadLetterQueue.topicName", why, pos(queue, "topicName"), s.Pos)
		}
	}
}

// creation: Kafka Connect's names for the group that includes everything.
func creation(c *checker) {
	for _, s := range c.connectors() {
		for _, g := range s.Struct.Struct("topicCreation").Structs("groups") {
			if g.Key() == "default" {
				c.say(s.Path+".topicCreation.groups.default", "is taken: settings for all other topics stand in topicCreation.default", g.Pos, s.Pos)
			}
		}
	}
}
