// Package worker runs tasks of a pipeline's connectors in one process, those
// that it is told to: a
// source task polls, transforms, converts and produces, and commits positions
// in order; a sink task consumes, converts, transforms, puts, flushes and
// commits.
//
//	config.go   what is to be run
//	check.go    what the compiler could not see
//	worker.go   Worker: open, what there is, close
//	life.go     a task's lives: start, stop, kill, pause
//	make.go     how a task is made
//	task.go     what a source's and a sink's task have in common
//	source.go   a source task: poll → chain → produce   flight.go  a batch on its way
//	sourceconvert.go  records through the chain         sourcetopic.go  what a topic takes
//	offsets.go  where offsets are kept   commit.go  a source task's
//	transaction.go  or its transactions, with the offsets in them   startover.go  when one fails
//	sink.go     a sink task: consume → chain → put      group.go   revocation, flush, commit
//	positions.go  a target that keeps positions
//	sinkdecode.go  records through the chain   sinkput.go  to the connector   sinkletters.go  its dead letters
//	sinkresults.go  records that the connector's target refused   original.go  a record as it came
//	failure.go  what a failed record is: stage, cause, place
//	retry.go    errors.retryTimeout
//	watchdog.go  calls that do not come back            turn.go  a lock that one of them may hold
//	deadletter.go  the dead letter queue
//	replay.go   a dead letter queue once more           letters.go  a source's letters as a source
//	trace.go    the span of a batch
//	header.go   headers as bytes, and back
//	plain.go    data as bytes without a converter
//	topic.go    which topic is made how
//	idle.go     when nothing is left to do
package worker

import (
	"log/slog"
	"time"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/kafka"
)

// Config is what a Worker runs. References in it are resolved.
type Config struct {
	Cluster kafka.Cluster
	Kafka   kafka.Options
	Log     *slog.Logger // nil is silence

	OffsetTopic   kafka.NewTopic // where the sources' offsets are; made compacted
	Shared        bool           // other instances commit offsets there too
	TakeoverTopic string         // that of a Kafka Connect cluster, where offsets are read and kept too; "" is none
	FlushInterval time.Duration  // between two commits
	FlushTimeout  time.Duration  // for a commit, which is tried again at the next interval then
	StopTimeout   time.Duration  // for a stop, draining and committing included
	StartTimeout  time.Duration  // to wait for a broker; negative is for ever
	IdleExit      time.Duration  // stop after that long without a record; 0 is never
	CallTimeout   time.Duration  // after which a call of a connector hangs, and its task fails; 0 is never

	SplitPatience time.Duration // how long Open waits for what the sources' tasks are; 0 is ten seconds

	Sources []Source
	Sinks   []Sink

	Traces connect.Traces // nil: nothing is traced; whoever opened it closes it

	// Wrote gives the topics that the tasks of a source are known to have written
	// to, in any instance; nil: nobody knows.
	Wrote func(connector string) []string

	// Leased reports whether the tasks are still this instance's: it is asked
	// before what others can see, and where it is not so a task waits to be told
	// to end. Nil: they always are.
	Leased func() bool

	// Refresh gives the configuration anew, references read again, for tasks
	// that are started again; nil: it stays as it is.
	Refresh func() (Config, error)
}

// Source is a source connector and its way to Kafka.
type Source struct {
	Name        string
	Connector   connect.Source
	MaxTasks    int
	Key         connect.Converter
	Value       connect.Converter
	Header      connect.Converter
	Fused       fuse.Func // Steps and converters at once, for records that it takes; nil: there is none
	Steps       []Step
	Errors      Errors
	Topics      *TopicRules // nil: the broker makes topics
	Producer    kafka.Producer
	Admin       *kafka.Admin // of who makes its topics; nil: the worker's
	Replay      *Replay      // nil: none; Connector is Letters otherwise
	ExactlyOnce *ExactlyOnce // nil: at least once
}

// Sink is a sink connector and its way from Kafka.
type Sink struct {
	Name      string
	Topics    []string // or
	Regex     string
	Connector connect.Sink
	Tasks     int
	Key       connect.Converter
	Value     connect.Converter
	Header    connect.Converter
	Fused     fuse.Sink // the value's converter and first steps at once, for messages that it takes; zero: there is none
	Steps     []Step
	Errors    Errors
	Consumer  kafka.Consumer
	Producer  kafka.Producer            // of the dead letter queue
	Admin     *kafka.Admin              // of who makes that; nil: the worker's
	Replay    *Replay                   // nil: none; Topics is the dead letter queue otherwise
	From      map[kafka.Partition]int64 // where to begin, whatever the group has committed
}

// Step is one step of a chain.
type Step = chain.Step

// Errors says what happens to a record that fails.
type Errors struct {
	Tolerate     bool          // errors.tolerance = all
	RetryTimeout time.Duration // 0 is not at all, negative without an end
	RetryMax     time.Duration // the longest pause between tries; 0 is a minute
	Log          bool          // each tolerated failure
	LogPlace     bool          // with the record's topic, partition and offset
	DeadLetters  *DeadLetters
}

// DeadLetters is a dead letter queue.
type DeadLetters struct {
	Topic             string
	ReplicationFactor int16
	ContextHeaders    bool
	Connector         string            // whose letters they are; "" is the connector's own name
	Whole             connect.Converter // writes data with its schema into a source's letters; nil: it is not there
}
