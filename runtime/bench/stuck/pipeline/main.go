// Command pipeline moves a file to a topic and the topic to a file, beside a
// source and a sink that have little to do, of which one may hang.
package main

import (
	"os"
	"time"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
)

var text = convert.String{Encoding: "UTF-8"}

var pipeline = runtime.Pipeline{
	Name: "stuck",
	Worker: runtime.Worker{
		OffsetStorageTopic: "connect-offsets", OffsetStoragePartitions: 25, OffsetStorageReplicationFactor: -1,
		OffsetFlushInterval: time.Second, OffsetFlushTimeout: 5 * time.Second,
		TaskShutdownGracefulTimeout: time.Second, StartTimeout: connect.Forever,
		Rest: &runtime.REST{Listen: "${env:STUCK_REST}"},
	},
}

func main() {
	run, topic, in, out := os.Getenv("STUCK_RUN"), os.Getenv("STUCK_TOPIC"), os.Getenv("STUCK_IN"), os.Getenv("STUCK_OUT")
	pipeline.Kafka.Brokers = []string{"${env:STUCK_BROKER}"}
	pipeline.Sources = []runtime.Source{
		{
			Name: "good-source-" + run, Connector: filestream.Source{File: in, Topic: topic, BatchSize: 2000},
			TasksMax: 1, KeyConverter: text, ValueConverter: text,
			Errors: runtime.Errors{Tolerance: "none", RetryDelayMax: time.Minute},
		},
		{
			Name: "bad-source-" + run, Connector: source{topic: "few"},
			TasksMax: 1, KeyConverter: text, ValueConverter: converter{"source"}, Transforms: []runtime.Step{{Do: step("source")}},
			Errors: runtime.Errors{Tolerance: "none", RetryDelayMax: time.Minute},
		},
	}
	pipeline.Sinks = []runtime.Sink{
		{
			Name: "good-sink-" + run, Topics: []string{topic}, Connector: filestream.Sink{File: out},
			TasksMax: 1, KeyConverter: text, ValueConverter: text,
			Errors: runtime.Errors{Tolerance: "none", RetryDelayMax: time.Minute},
		},
		{
			Name: "bad-sink-" + run, Topics: []string{"few"}, Connector: sink{},
			TasksMax: 1, KeyConverter: text, ValueConverter: converter{"sink"}, Transforms: []runtime.Step{{Do: step("sink")}},
			Errors: runtime.Errors{Tolerance: "none", RetryDelayMax: time.Minute},
		},
	}
	runtime.Main(pipeline)
}
