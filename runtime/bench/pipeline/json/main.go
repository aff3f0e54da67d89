// Command json is the pipeline file → HoistField → InsertField → schemaless
// JSON → topic.
package main

import (
	"time"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/transform"
)

func main() { runtime.Main(pipeline) }

var pipeline = runtime.Pipeline{
	Name:  "bench-json",
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
		Name:           "bench-json",
		Connector:      filestream.Source{File: "${env:BENCH_FILE}", Topic: "${env:BENCH_TOPIC}", BatchSize: 2000},
		TasksMax:       1,
		KeyConverter:   convert.String{Encoding: "UTF-8"},
		ValueConverter: convert.JSON{SchemasEnable: false},
		Transforms: []runtime.Step{
			{Do: transform.HoistField{On: "value", Field: "line"}},
			{Do: transform.InsertField{On: "value", StaticField: "site", StaticValue: "eu"}},
		},
		Errors: runtime.Errors{Tolerance: "none", RetryDelayMax: time.Minute},
	}},
}
