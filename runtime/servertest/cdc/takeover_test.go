package cdc_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/cdc"
)

// A pipeline takes the place of Debezium at some moment, Debezium that of the
// pipeline, and so on, while rows are written: each row arrives, none before those
// that were written before it, and what arrives twice is what was on its way when
// somebody stopped.
func TestTakeover(t *testing.T) {
	broker := servertest.Kafka(t)
	group := servertest.Unique("debezium")
	worker := servertest.Debezium(t, broker, group, map[string]string{"offset.flush.interval.ms": "200"})
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		if name == "mysql" && !servertest.WithMySQL() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			server, stop, err := cdc.StartServer(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			lab := &cdc.Lab{Broker: broker, Server: server}
			debezium := &cdc.Debezium{Connect: worker, Broker: broker, Group: group}
			pipeline := &cdc.Pipeline{Broker: broker, Make: sources[name], TakeoverTopic: group + "-offsets"}
			prefix := strings.ReplaceAll(servertest.Unique("relay"), "-", "")
			r := &cdc.Relay{Lab: lab, DB: prefix, Prefix: prefix, Captures: []cdc.Capture{debezium, pipeline}, Legs: 5, Rows: 300}
			got, err := r.Run(t.Context())
			if err != nil {
				t.Fatalf("%v\n%s", err, pipeline.Log())
			}
			t.Logf("%+v", got)
			if len(got.Missing) > 0 || len(got.Gaps) > 0 {
				t.Errorf("lost or out of order: %+v\n%s", got, pipeline.Log())
			}
			if got.Again > 0 {
				t.Errorf("a snapshot was taken more than once: %+v\n%s", got, pipeline.Log())
			}
		})
	}
}
