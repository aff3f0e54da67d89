package lint

import (
	"fmt"
	"regexp"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
)

// idleTasks: tasks beyond what the connector can give work to.
func idleTasks(f *finder) {
	for _, p := range f.parts {
		asked, most := p.Lit("tasksMax"), p.options()
		if asked != nil && beyond(asked, most) {
			f.warn(p.plan, p.Path+".tasksMax", fmt.Sprintf("%d is more than the connector can use, which is %d", asked.Int, most.Tasks), asked.Pos, p.Pos)
		}
	}
}

func beyond(asked *plan.Lit, conn *plan.Struct) bool {
	return conn != nil && conn.Tasks > 0 && asked.Int > int64(conn.Tasks)
}

// idlePartitions: tasks of a sink beyond what its topics' partitions can give
// work to.
func idlePartitions(f *finder) {
	for _, p := range f.parts {
		asked := p.Lit("tasksMax")
		if asked == nil || !p.Sink || beyond(asked, p.options()) {
			continue
		}
		if n := f.partitions(p); n > 0 && asked.Int > n {
			f.warn(p.plan, p.Path+".tasksMax", fmt.Sprintf("%d is more than the partitions of its topics as topicCreation makes them, which are %d: the other tasks would have nothing to do", asked.Int, n), asked.Pos, p.Pos)
		}
	}
}

// partitions are those of a sink's topics, where all are made by sources of the
// same pipeline; else 0.
func (f *finder) partitions(sink part) (sum int64) {
	for _, e := range sink.List("topics") {
		topic, ok := e.(*plan.Lit)
		if !ok {
			return 0
		}
		n := f.made(topic.Str)
		if n <= 0 {
			return 0
		}
		sum += n
	}
	return sum
}

// made is with how many partitions a topic is made; 0 where that is not known,
// or not the same for all sources that fill it.
func (f *finder) made(topic string) (n int64) {
	for _, p := range f.parts {
		if p.topic != topic || topic == "" {
			continue
		}
		m := partitionsOf(p.Connector, topic)
		if n != 0 && n != m {
			return 0
		}
		n = m
	}
	return max(n, 0)
}

// partitionsOf is what topicCreation says of a topic; -1 is the broker's
// default.
func partitionsOf(s wiring.Connector, topic string) int64 {
	if n := ruleOf(s, topic).Lit("partitions"); n != nil {
		return n.Int
	}
	return -1
}

// ruleOf is the part of topicCreation by which a topic is made.
func ruleOf(s wiring.Connector, topic string) *plan.Struct {
	creation := s.Struct.Struct("topicCreation")
	for _, g := range creation.Structs("groups") {
		if matches(g.List("include"), topic) && !matches(g.List("exclude"), topic) {
			return g
		}
	}
	return creation.Struct("default")
}

func matches(patterns []plan.Node, topic string) bool {
	for _, p := range patterns {
		if l, ok := p.(*plan.Lit); ok {
			if re, err := regexp.Compile(`^(?:` + l.Str + `)$`); err == nil && re.MatchString(topic) {
				return true
			}
		}
	}
	return false
}
