package preflight

import (
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/flow"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/worker"
)

func (n *Needs) source(p *Pipeline, s *worker.Source) {
	who := "sources." + s.Name
	n.apart = loginsOf(p, map[string]client{kafka.Write: {"its producer", s.Producer.TLS, s.Producer.SASL}}, s.Admin)
	topics, all := topicsOf(s)
	for _, t := range topics {
		n.written(s, t, who)
	}
	if !all {
		n.note("%s: topics that it names only when records come are not here; each needs Write%s", who, also(s.Topics != nil))
	}
	n.letters(s.Errors, who)
	if e := s.ExactlyOnce; e != nil {
		for task := range max(s.MaxTasks, 1) {
			n.right(kafka.OnID, e.ID(s.Name, task), kafka.Write, who, "its transactions")
		}
		for _, t := range topics {
			n.wish(kafka.Right{Resource: kafka.OnTopic, Name: t.Name, Prefix: t.Prefix, Operation: kafka.Read}, who, "to see a transaction that the brokers have torn (KAFKA-20734)")
		}
	}
	n.apart = nil
	n.journals(s, who) // by the worker's own client
}

// journals notes the topics that the connector keeps beside those of its records.
func (n *Needs) journals(s *worker.Source, who string) {
	c, ok := s.Connector.(connect.Keeps)
	if !ok {
		return
	}
	for _, j := range c.Journals() {
		t, operations := Topic{Name: j.Topic, Single: true}, []string{kafka.Read}
		if j.Written {
			made := kafka.JournalTopic(j.Topic)
			t.Made, operations = &made, append(operations, kafka.Write, kafka.Create)
		}
		n.topic(t, who)
		for _, o := range operations {
			n.right(kafka.OnTopic, j.Topic, o, who, j.Why)
		}
	}
}

func also(create bool) string {
	if create {
		return " and Create"
	}
	return ""
}

// written notes a topic that a source writes to.
func (n *Needs) written(s *worker.Source, t connect.TopicName, who string) {
	r := kafka.Right{Resource: kafka.OnTopic, Name: t.Name, Prefix: t.Prefix, Operation: kafka.Write}
	n.need(r, who, "its records")
	made, err := s.Topics.Spec(t.Name)
	if err == nil && made != nil {
		r.Operation = kafka.Create
		n.need(r, who, "its records")
	}
	if t.Prefix {
		return
	}
	n.topic(Topic{Name: t.Name, Made: made, Auto: made == nil}, who)
}

// topicsOf are the topics of a source behind its transforms; all is false where
// there may be others.
func topicsOf(s *worker.Source) (topics []connect.TopicName, all bool) {
	var named []connect.TopicName
	switch c := s.Connector.(type) {
	case connect.Writes:
		named, all = c.Writes()
	case connect.Emits:
		if t := c.Emits().Topic; t != "" {
			named, all = []connect.TopicName{{Name: t}}, true
		}
	}
	seen := map[connect.TopicName]bool{}
	for _, t := range named {
		to, dropped := routed(s.Steps, t)
		switch {
		case dropped || seen[to]:
		case to.Name == "":
			all = false
		default:
			seen[to] = true
			topics = append(topics, to)
		}
	}
	return topics, all
}

// routed is where a chain sends the records of a topic; without a name nobody
// can tell.
func routed(steps []worker.Step, t connect.TopicName) (to connect.TopicName, dropped bool) {
	if !t.Prefix {
		name, dropped := route(steps, t.Name)
		return connect.TopicName{Name: name}, dropped
	}
	// Of a prefix: where the chain leaves any name alone.
	for _, rest := range []string{"a", "Public.Orders_2"} {
		if name, _ := route(steps, t.Name+rest); name != t.Name+rest {
			return connect.TopicName{}, false
		}
	}
	return t, false
}

func route(steps []worker.Step, topic string) (to string, dropped bool) {
	var c flow.Chain
	for _, s := range steps {
		c.Steps = append(c.Steps, flow.Step{Name: s.Name, Do: s.Do, When: s.When, Unless: s.Unless})
	}
	states, _ := flow.Source(nil, c, connect.Shape{Topic: topic})
	last := states[len(states)-1].Shape
	return last.Topic, last.None
}
