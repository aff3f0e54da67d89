//go:build synctests

package simulation

import (
	"errors"
	"time"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
)

// scenario is what runs in the simulated processes.
type scenario struct {
	name      string
	instances int  // processes that run at one time
	sources   bool // they hold the source
	sinks     bool // they hold the sink
	shared    bool // the sources' tasks are shared by a group
	exactly   bool // the source delivers exactly once
}

// scenarios is the table of them. Seeds go round in it.
var scenarios = []*scenario{
	{name: "source", instances: 1, sources: true},
	{name: "sink", instances: 2, sinks: true},
	{name: "pipeline", instances: 1, sources: true, sinks: true},
}

// injected are the scenarios into which single errors are injected: between
// them they send every kind of request.
var injected = []*scenario{scenarios[2]}

// pipeline is what a process of the scenario runs.
func (s *scenario) pipeline(p *process) runtime.Pipeline {
	pl := runtime.Pipeline{
		Name:  "simulation",
		Kafka: kafka.Cluster{Brokers: p.w.addrs, ClientID: p.clientID()},
		Worker: runtime.Worker{
			OffsetStorageTopic: offsetsTopic, OffsetStoragePartitions: 2, OffsetStorageReplicationFactor: 1,
			OffsetFlushInterval: 2 * time.Second, TaskShutdownGracefulTimeout: stopTimeout, StartTimeout: connect.Forever,
		},
	}
	if s.sources {
		pl.Sources = append(pl.Sources, runtime.Source{
			Name: "sequence", Connector: &sequence{p}, TasksMax: 2,
			KeyConverter: convert.String{}, ValueConverter: convert.String{},
			Transforms:    []runtime.Step{{Name: "fate", Do: p.step(filtered, poisoned)}},
			Errors:        tolerant(lettersTopic),
			TopicCreation: &runtime.TopicCreation{Default: runtime.TopicDefaults{Partitions: parts, ReplicationFactor: 1}},
		})
	}
	if s.sinks {
		pl.Sinks = append(pl.Sinks, runtime.Sink{
			Name: "collector", Connector: &collector{p, "collector"}, Topics: []string{dataTopic}, TasksMax: 2,
			KeyConverter: convert.String{}, ValueConverter: convert.String{},
			Transforms: []runtime.Step{{Name: "fate", Do: p.step(sinkFiltered, sinkPoisoned)}},
			Errors:     tolerant(sinkLetters),
			Consumer:   &kafka.Consumer{SessionTimeout: sessionTimeout, MaxPollRecords: 40},
		})
	}
	return pl
}

// sessionTimeout is the groups'.
const sessionTimeout = 10 * time.Second

func tolerant(letters string) runtime.Errors {
	return runtime.Errors{
		Tolerance: "all", RetryTimeout: 10 * time.Minute, RetryDelayMax: 5 * time.Second,
		DeadLetterQueue: &runtime.DeadLetterQueue{TopicName: letters, TopicReplicationFactor: 1, ContextHeadersEnable: true},
	}
}

// step is a transform that gives some records their fate, and fails for a while
// now and then.
func (p *process) step(filter, poison fate) connect.Transform {
	return connect.TransformFunc(func(r *connect.Record) (bool, error) {
		o, _, err := parse(r.Value.Value.Str())
		if err != nil {
			p.w.wrong("%s: the chain was given %v", p.name, err)
			return true, nil
		}
		switch o.fate() {
		case filter:
			return false, nil
		case poison:
			return false, errors.New("simulation: poison")
		}
		if p.w.roll() < p.w.hook().retry/4 {
			return false, connect.Retry(errors.New("simulation: the chain cannot now"))
		}
		return true, nil
	})
}
