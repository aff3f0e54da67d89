//go:build synctests

package simulation

import (
	"errors"
	"os"
	"strings"
	"sync"
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
	boundary  string
	needs     [2]string // a file, and what is in it where the runtime can do this
}

// table holds all scenarios.
var table = []*scenario{
	{name: "source", instances: 1, sources: true},
	{name: "sink", instances: 2, sinks: true},
	{name: "pipeline", instances: 1, sources: true, sinks: true},
	{name: "exactly-once", instances: 1, sources: true, sinks: true, exactly: true, boundary: "poll", needs: transactions},
	{name: "exactly-once-interval", instances: 1, sources: true, exactly: true, boundary: "interval", needs: transactions},
	{name: "shared", instances: 3, sources: true, sinks: true, shared: true, needs: herder},
	{name: "shared-exactly-once", instances: 3, sources: true, exactly: true, boundary: "interval", shared: true, needs: herder},
}

// Both need an instance that lets go of its group's connections when it ends.
var (
	transactions = herder
	herder       = [2]string{"../instance.go", "member.Close()"}
)

// scenarios are those that the runtime can do. Seeds go round in them.
var scenarios = sync.OnceValue(func() (can []*scenario) {
	for _, s := range table {
		if s.possible() {
			can = append(can, s)
		}
	}
	return can
})

func (s *scenario) possible() bool {
	if s.needs[0] == "" {
		return true
	}
	text, err := os.ReadFile(s.needs[0])
	return err == nil && strings.Contains(string(text), s.needs[1])
}

// injected are the scenarios into which single errors are injected: between
// them they send every kind of request.
func injected() (list []*scenario) {
	for _, s := range scenarios() {
		if s.name == "pipeline" || s.name == "exactly-once" || s.name == "shared" {
			list = append(list, s)
		}
	}
	return list
}

// pipeline is what a process of the scenario runs.
func (s *scenario) pipeline(p *process) runtime.Pipeline {
	pl := runtime.Pipeline{
		Name:  p.clientID(),
		Kafka: kafka.Cluster{Brokers: p.w.addrs, ClientID: p.clientID()},
		Worker: runtime.Worker{
			OffsetStorageTopic: offsetsTopic, OffsetStoragePartitions: 2, OffsetStorageReplicationFactor: 1,
			OffsetFlushInterval: 2 * time.Second, TaskShutdownGracefulTimeout: stopTimeout, StartTimeout: connect.Forever,
		},
	}
	if s.shared || s.exactly { // transactional ids are made of the group's
		pl.Worker.Group = &runtime.Group{
			ID: "simulation", ConfigStorageTopic: "connect-configs", ConfigStorageReplicationFactor: 1,
			StatusStorageTopic: "connect-status", StatusStoragePartitions: 1, StatusStorageReplicationFactor: 1,
			SessionTimeout: sessionTimeout, HeartbeatInterval: 3 * time.Second, RebalanceTimeout: 30 * time.Second,
		}
	}
	if s.sources {
		pl.Sources = append(pl.Sources, runtime.Source{
			Name: "sequence", Connector: &sequence{p}, TasksMax: 2,
			KeyConverter: convert.String{}, ValueConverter: convert.String{},
			Transforms:    []runtime.Step{{Name: "fate", Do: p.step(filtered, poisoned)}},
			Errors:        tolerant(lettersTopic),
			TopicCreation: &runtime.TopicCreation{Default: runtime.TopicDefaults{Partitions: parts, ReplicationFactor: 1}},
		})
		if s.exactly {
			pl.Sources[0].ExactlyOnce = &runtime.ExactlyOnce{TransactionBoundary: s.boundary, TransactionBoundaryInterval: 700 * time.Millisecond, TransactionTimeout: 20 * time.Second}
		}
	}
	if s.sinks {
		level := ""
		if s.exactly {
			level = "read_committed"
		}
		pl.Sinks = append(pl.Sinks, runtime.Sink{
			Name: "collector", Connector: &collector{p, "collector"}, Topics: []string{dataTopic}, TasksMax: 2,
			KeyConverter: convert.String{}, ValueConverter: convert.String{},
			Transforms: []runtime.Step{{Name: "fate", Do: p.step(sinkFiltered, sinkPoisoned)}},
			Errors:     tolerant(sinkLetters),
			Consumer:   &kafka.Consumer{SessionTimeout: sessionTimeout, MaxPollRecords: 40, IsolationLevel: level},
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
		if filter == sinkFiltered {
			p.w.reached(o, r.Offset)
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
