package runtime

import (
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/worker"
)

// translate says a resolved pipeline in the worker's terms, and lays the
// connectors' own client settings over the worker's.
func translate(p Pipeline) worker.Config {
	w := p.Worker
	c := worker.Config{
		Cluster: p.Kafka,
		OffsetTopic: kafka.NewTopic{
			Name:              w.OffsetStorageTopic,
			Partitions:        int32(w.OffsetStoragePartitions),
			ReplicationFactor: int16(w.OffsetStorageReplicationFactor),
		},
		Shared:        w.Group != nil,
		FlushInterval: w.OffsetFlushInterval,
		FlushTimeout:  w.OffsetFlushTimeout,
		StopTimeout:   w.TaskShutdownGracefulTimeout,
		StartTimeout:  w.StartTimeout,
		CallTimeout:   w.CallTimeout,
	}
	if w.Takeover != nil {
		c.TakeoverTopic = w.Takeover.OffsetStorageTopic
	}
	for _, s := range p.Sources {
		c.Sources = append(c.Sources, worker.Source{
			Name: s.Name, Connector: s.Connector, MaxTasks: s.TasksMax,
			Key: s.KeyConverter, Value: s.ValueConverter, Header: headers(s.HeaderConverter),
			Steps: steps(s.Transforms), Errors: failures(s.Errors),
			Topics: topics(s.TopicCreation), Producer: w.Producer.Over(s.Producer), Admin: topicAdmin(w.Admin, s.Admin),
			ExactlyOnce: exactly(s.ExactlyOnce, w),
		})
	}
	for _, s := range c.Sources {
		if q := s.Errors.DeadLetters; q != nil {
			q.Whole = convert.JSON{SchemasEnable: true}
		}
	}
	for _, s := range p.Sinks {
		c.Sinks = append(c.Sinks, worker.Sink{
			Name: s.Name, Topics: s.Topics, Regex: s.TopicsRegex, Connector: s.Connector, Tasks: s.TasksMax,
			Key: s.KeyConverter, Value: s.ValueConverter, Header: headers(s.HeaderConverter),
			Steps: steps(s.Transforms), Errors: failures(s.Errors),
			Consumer: w.Consumer.Over(s.Consumer), Producer: w.Producer.Over(s.Producer), Admin: topicAdmin(w.Admin, s.Admin),
		})
	}
	return c
}

// topicAdmin is who makes a connector's topics; nil where that is the worker's own
// client, which takes of worker.admin all but the login.
func topicAdmin(worker, own *kafka.Admin) *kafka.Admin {
	if own == nil && (worker == nil || worker.TLS == nil && worker.SASL == nil) {
		return nil
	}
	return worker.Over(own)
}

// headers is the converter of headers, or Kafka Connect's default.
func headers(c connect.Converter) connect.Converter {
	if c == nil {
		return convert.SimpleHeader{}
	}
	return c
}

func steps(list []Step) []worker.Step {
	var out []worker.Step
	for _, s := range list {
		out = append(out, worker.Step{Name: s.Name, Do: s.Do, When: s.When, Unless: s.Unless})
	}
	return out
}

func failures(e Errors) worker.Errors {
	out := worker.Errors{
		Tolerate: e.Tolerance == "all", RetryTimeout: e.RetryTimeout, RetryMax: e.RetryDelayMax,
		Log: e.LogEnable, LogPlace: e.LogIncludeMessages,
	}
	if q := e.DeadLetterQueue; q != nil && out.Tolerate {
		out.DeadLetters = &worker.DeadLetters{
			Topic: q.TopicName, ReplicationFactor: int16(q.TopicReplicationFactor), ContextHeaders: q.ContextHeadersEnable,
		}
	}
	return out
}

func exactly(e *ExactlyOnce, w Worker) *worker.ExactlyOnce {
	if e == nil {
		return nil
	}
	out := &worker.ExactlyOnce{Boundary: e.TransactionBoundary, Interval: e.TransactionBoundaryInterval, Timeout: e.TransactionTimeout}
	if w.Group != nil {
		out.Group = w.Group.ID
	}
	def(&out.Boundary, worker.AtPoll)
	def(&out.Interval, w.OffsetFlushInterval)
	def(&out.Timeout, time.Minute)
	return out
}

func topics(t *TopicCreation) *worker.TopicRules {
	if t == nil {
		return nil
	}
	r := &worker.TopicRules{Default: worker.TopicRule{
		Partitions: int32(t.Default.Partitions), ReplicationFactor: int16(t.Default.ReplicationFactor), Configs: t.Default.Configs,
	}}
	for _, g := range t.Groups {
		r.Groups = append(r.Groups, worker.TopicRule{
			Name: g.Name, Include: g.Include, Exclude: g.Exclude,
			Partitions: int32(g.Partitions), ReplicationFactor: int16(g.ReplicationFactor), Configs: g.Configs,
		})
	}
	return r
}
