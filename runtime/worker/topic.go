package worker

import (
	"fmt"
	"regexp"

	"kcgen.dev/runtime/kafka"
)

// TopicRules says how topics are made (KIP-158).
type TopicRules struct {
	Default TopicRule
	Groups  []TopicRule // the first that includes a topic is taken
}

// TopicRule is how the topics of one group are made. Patterns are RE2 and
// match the whole name.
type TopicRule struct {
	Name              string
	Include, Exclude  []string
	Partitions        int32
	ReplicationFactor int16
	Configs           map[string]string
}

type topicRules struct {
	fallback TopicRule
	groups   []topicRule
}

type topicRule struct {
	TopicRule
	include, exclude []*regexp.Regexp
}

func (r *TopicRules) compile() (*topicRules, error) {
	if r == nil {
		return nil, nil
	}
	c := &topicRules{fallback: r.Default}
	for _, g := range r.Groups {
		t := topicRule{TopicRule: g}
		var err error
		if t.include, err = patterns(g.Include); err == nil {
			t.exclude, err = patterns(g.Exclude)
		}
		if err != nil {
			return nil, fmt.Errorf("topicCreation.groups.%s: %w", g.Name, err)
		}
		c.groups = append(c.groups, t)
	}
	return c, nil
}

// Spec is how a topic is made; nil leaves it to the broker.
func (r *TopicRules) Spec(topic string) (*kafka.NewTopic, error) {
	c, err := r.compile()
	return c.spec(topic), err
}

func patterns(list []string) ([]*regexp.Regexp, error) {
	var out []*regexp.Regexp
	for _, s := range list {
		re, err := regexp.Compile("^(?:" + s + ")$")
		if err != nil {
			return nil, err
		}
		out = append(out, re)
	}
	return out, nil
}

// spec is how the topic is made; nil leaves it to the broker.
func (c *topicRules) spec(topic string) *kafka.NewTopic {
	if c == nil {
		return nil
	}
	rule := c.fallback
	for _, g := range c.groups {
		if matches(g.include, topic) && !matches(g.exclude, topic) {
			rule = g.TopicRule
			break
		}
	}
	return &kafka.NewTopic{Name: topic, Partitions: rule.Partitions, ReplicationFactor: rule.ReplicationFactor, Configs: rule.Configs}
}

func matches(res []*regexp.Regexp, topic string) bool {
	for _, re := range res {
		if re.MatchString(topic) {
			return true
		}
	}
	return false
}
