package preflight

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/kafka"
)

// topics sees whether the topics are there, or can be made.
func (c *check) topics() {
	for i := range c.needs.Topics {
		c.topic(&c.needs.Topics[i])
	}
	for i := range c.p.Sinks {
		if s := &c.p.Sinks[i]; s.Regex != "" {
			c.matching("sinks."+s.Name, s.Subscription())
		}
	}
}

func (c *check) topic(t *Topic) {
	about, what := strings.Join(t.For, ", "), "topic "+t.Name+" is there"
	found, err := c.probe.Topic(c.ctx, t.Name)
	switch {
	case err != nil:
		c.unknown(about, what, err)
	case found.Err != nil:
		c.say(Missing, about, what, found.Err.Error(), "")
	case found.Hidden: // which right is missing is said with the rights
		c.say(Missing, about, what, "the principal may not see whether it is", "")
	case !found.Exists:
		c.absent(t, about)
	default:
		c.say(OK, about, fmt.Sprintf("%s, with %d partitions", what, found.Partitions), "", "")
		c.kept(t, about, found)
	}
}

// kept sees whether a topic of state keeps it.
func (c *check) kept(t *Topic, about string, found kafka.FoundTopic) {
	if t.Single {
		c.say(statusOf(found.Partitions == 1), about, "topic "+t.Name+" has one partition", unless(found.Partitions == 1, fmt.Sprintf("it has %d, and records are in order in one alone", found.Partitions)),
			unless(found.Partitions == 1, "kafka-topics.sh --bootstrap-server "+c.server()+" --delete --topic "+t.Name))
	}
	if t.Compact && found.Policy != "" {
		good := strings.TrimSpace(found.Policy) == "compact"
		c.say(statusOf(good), about, "topic "+t.Name+" has cleanup.policy=compact", unless(good, "it has "+found.Policy+", and would lose what it must keep"),
			unless(good, "kafka-configs.sh --bootstrap-server "+c.server()+" --alter --entity-type topics --entity-name "+t.Name+" --add-config cleanup.policy=compact"))
	}
}

func statusOf(good bool) Status {
	if good {
		return OK
	}
	return Missing
}

func unless(good bool, text string) string {
	if good {
		return ""
	}
	return text
}

// absent is about a topic that is not there.
func (c *check) absent(t *Topic, about string) {
	make := "kafka-topics.sh --bootstrap-server " + c.server() + " --create --topic " + t.Name
	switch {
	case t.Made != nil:
		c.makes(t, about)
	case t.Auto:
		c.madeByBroker(t, about, make)
	case t.Compact: // a Kafka Connect cluster's
		c.say(Missing, about, "topic "+t.Name+" is there", "it is not: it must be the offset.storage.topic of the Kafka Connect cluster", "")
	default:
		c.say(Warning, about, "topic "+t.Name+" is there", "it is not; nothing comes from it until somebody makes it", make)
	}
}

// makes sees whether the pipeline can make a topic.
func (c *check) makes(t *Topic, about string) {
	what := "topic " + t.Name + " is not there and can be made"
	r := kafka.Right{Resource: kafka.OnTopic, Name: t.Name, Operation: kafka.Create}
	may, missing, err := c.probe.May(c.ctx, r, t.Made)
	switch {
	case err != nil:
		c.unknown(about, what, err)
	case !may:
		c.say(Missing, about, what, "the principal may not "+r.String(), c.grant(r))
	case missing != nil:
		c.say(Missing, about, what, missing.Error(), "")
	default:
		c.say(OK, about, what, "", "")
	}
}

// madeByBroker is about a topic that the broker may make when it is written to.
func (c *check) madeByBroker(t *Topic, about, make string) {
	switch makes, known := c.probe.MakesTopics(c.ctx); {
	case makes:
		c.makes(t, about)
	case known:
		c.say(Missing, about, "topic "+t.Name+" is there", "it is not, and nobody makes it: the source says no topicCreation, and the brokers have auto.create.topics.enable=false", make)
	default:
		c.say(Warning, about, "topic "+t.Name+" is there", "it is not, the source says no topicCreation, and the brokers do not tell whether they make it (auto.create.topics.enable)", make)
	}
}

// matching is about a sink that reads all topics of a pattern.
func (c *check) matching(about string, sub kafka.Subscription) {
	what := "a topic matches topicsRegex " + sub.Regex
	names, err := c.probe.Matching(c.ctx, sub)
	switch {
	case err != nil:
		c.unknown(about, what, err)
	case len(names) == 0:
		c.say(Warning, about, what, "none that the principal may see; the sink waits until there is one", "")
	default:
		c.say(OK, about, fmt.Sprintf("%s: %s", what, abridged(names)), "", "")
		for _, name := range names {
			c.needs.right(kafka.OnTopic, name, kafka.Read, about, "its records")
		}
	}
}

// abridged names the first of many.
func abridged(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
