// Command source is the pipeline file → topic with String converters.
package main

import (
	"time"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
)

func main() { runtime.Main(pipeline) }

var pipeline = runtime.Pipeline{
	Name:  "bench-source",
	Kafka: kafka.Cluster{Brokers: []string{"${env:BENCH_BROKER}"}},

	Worker: runtime.Worker{
		OffsetStorageTopic:             "connect-offsets",
		OffsetStoragePartitions:        25,
		OffsetStorageReplicationFactor: -1,
		OffsetFlushInterval:            5 * time.Second,
		OffsetFlushTimeout:             5 * time.Second,
		TaskShutdownGracefulTimeout:    5 * time.Second,
		StartTimeout:                   connect.Forever,
	},

	Sources: []runtime.Source{{
		Name:           "bench-source",
		Connector:      filestream.Source{File: "${env:BENCH_FILE}", Topic: "${env:BENCH_TOPIC}", BatchSize: 2000},
		TasksMax:       1,
		KeyConverter:   convert.String{Encoding: "UTF-8"},
		ValueConverter: convert.String{Encoding: "UTF-8"},
		Errors:         runtime.Errors{Tolerance: "none", RetryDelayMax: time.Minute},
	}},
}
