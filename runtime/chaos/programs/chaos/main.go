// Command chaos is the pipeline that is hurt: two sources of numbered lines,
// one exactly once and one at least once, and a sink for each. Its instances
// share the tasks; where things are comes by the environment, as the values of
// fields that no reference can fill.
package main

import (
	"os"
	"strconv"
	"time"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/chaos/programs/sequence"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
)

// session is after which silence an instance, or a sink, is taken for dead.
const session = 6 * time.Second

func main() {
	runtime.Main(runtime.Pipeline{
		Name:    "chaos",
		Kafka:   kafka.Cluster{Brokers: []string{"${env:CHAOS_BROKERS}"}},
		Worker:  workers(),
		Sources: []runtime.Source{exactly(), least()},
		Sinks:   []runtime.Sink{sink("exact", "read_committed", 0), sink("least", "read_uncommitted", 150*time.Millisecond)},
	})
}

func workers() runtime.Worker {
	return runtime.Worker{
		Group: &runtime.Group{
			ID:                 "chaos",
			ConfigStorageTopic: "chaos-configs", ConfigStorageReplicationFactor: -1,
			StatusStorageTopic: "chaos-statuses", StatusStoragePartitions: 5, StatusStorageReplicationFactor: -1,
			SessionTimeout: session, HeartbeatInterval: time.Second, RebalanceTimeout: 10 * time.Second,
		},
		OffsetStorageTopic: "chaos-offsets", OffsetStoragePartitions: 5, OffsetStorageReplicationFactor: -1,
		OffsetFlushInterval: 500 * time.Millisecond, OffsetFlushTimeout: 5 * time.Second,
		TaskShutdownGracefulTimeout: 5 * time.Second, StartTimeout: connect.Forever,
		Restart:  &runtime.Restart{Delay: 200 * time.Millisecond, DelayMax: 5 * time.Second, Limit: 1000},
		Rest:     &runtime.REST{Listen: "${env:CHAOS_REST}"},
		Consumer: kafka.Consumer{SessionTimeout: session, HeartbeatInterval: time.Second},
	}
}

func exactly() runtime.Source {
	s := source("exact")
	s.ExactlyOnce = &runtime.ExactlyOnce{
		TransactionBoundary:         os.Getenv("CHAOS_BOUNDARY"),
		TransactionBoundaryInterval: 200 * time.Millisecond,
		TransactionTimeout:          30 * time.Second,
	}
	return s
}

// least lets its records wait a little, so that some are always on their way.
func least() runtime.Source {
	s := source("least")
	s.Producer = &kafka.Producer{Linger: 200 * time.Millisecond}
	return s
}

func source(name string) runtime.Source {
	return runtime.Source{
		Name: name + "-source",
		Connector: sequence.Source{
			Name: name, Topic: name, Sequences: number("CHAOS_SEQUENCES"), Rate: number("CHAOS_RATE"),
			Begin: time.Unix(0, int64(number("CHAOS_BEGIN"))), End: os.Getenv("CHAOS_END"), Diaries: os.Getenv("CHAOS_FOLDER"),
		},
		TasksMax: 4, KeyConverter: text, ValueConverter: text,
		Errors: runtime.Errors{Tolerance: "none", RetryDelayMax: time.Minute},
	}
}

func sink(topic, isolation string, flush time.Duration) runtime.Sink {
	return runtime.Sink{
		Name: topic + "-sink", Topics: []string{topic},
		Connector: sequence.Sink{Folder: os.Getenv("CHAOS_FOLDER"), Diaries: os.Getenv("CHAOS_FOLDER"), Refuse: 97, Flush: flush},
		TasksMax:  3, KeyConverter: text, ValueConverter: text,
		Errors: runtime.Errors{
			Tolerance: "all", RetryDelayMax: time.Minute,
			DeadLetterQueue: &runtime.DeadLetterQueue{TopicName: topic + "-letters", TopicReplicationFactor: -1},
		},
		Consumer: &kafka.Consumer{IsolationLevel: isolation},
	}
}

var text = convert.String{Encoding: "UTF-8"}

// number is a variable of the environment. One that is not there is 0, which
// does no harm where the program is asked for its version alone.
func number(name string) int {
	n, _ := strconv.Atoi(os.Getenv(name))
	return n
}
