// Package base is what the pipelines of the end-to-end tests have in common:
// one Kafka cluster, topics and files from the environment.
package base

import (
	"time"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
)

// Pipeline is a pipeline without sources and sinks.
func Pipeline(name string) runtime.Pipeline {
	return runtime.Pipeline{
		Name:  name,
		Kafka: kafka.Cluster{Brokers: []string{"${env:E2E_BROKERS}"}},
		Worker: runtime.Worker{
			OffsetStorageTopic:             "connect-offsets",
			OffsetStoragePartitions:        25,
			OffsetStorageReplicationFactor: -1,
			OffsetFlushInterval:            time.Second,
			OffsetFlushTimeout:             5 * time.Second,
			TaskShutdownGracefulTimeout:    20 * time.Second,
			StartTimeout:                   connect.Forever,
		},
	}
}

// String is the String converter with its defaults.
var String = convert.String{Encoding: "UTF-8"}

// JSON is the JSON converter without schemas.
var JSON = convert.JSON{SchemasEnable: false}

// Source reads E2E_IN into E2E_TOPIC.
func Source(name string) runtime.Source {
	return runtime.Source{
		Name:           name,
		Connector:      filestream.Source{File: "${env:E2E_IN}", Topic: "${env:E2E_TOPIC}", BatchSize: 2000},
		TasksMax:       1,
		KeyConverter:   String,
		ValueConverter: String,
		Errors:         runtime.Errors{Tolerance: "none", RetryDelayMax: time.Minute},
	}
}

// Sink writes E2E_TOPIC to E2E_OUT.
func Sink(name string) runtime.Sink {
	return runtime.Sink{
		Name:           name,
		Topics:         []string{"${env:E2E_TOPIC}"},
		Connector:      filestream.Sink{File: "${env:E2E_OUT}"},
		TasksMax:       1,
		KeyConverter:   String,
		ValueConverter: String,
		Errors:         runtime.Errors{Tolerance: "none", RetryDelayMax: time.Minute},
	}
}
