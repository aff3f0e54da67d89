package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"

	"kcgen.dev/runtime/servertest"
)

// A contender is one way to capture a database.
type contender struct {
	name, title string
	heap        []string // of a JVM; none is kcgen
}

const (
	kcgen  = "kcgen"
	roomy  = "debezium-2g"
	narrow = "debezium-256m"
	least  = "debezium-128m"
)

var contenders = []contender{
	{name: kcgen, title: "kcgen"},
	{name: roomy, title: "Debezium, 2 GB heap", heap: []string{"-Xms256m", "-Xmx2g"}},
	{name: narrow, title: "Debezium, 256 MB heap", heap: []string{"-Xms64m", "-Xmx256m"}},
	{name: least, title: "Debezium, 128 MB heap", heap: []string{"-Xms64m", "-Xmx128m"}},
}

func names() (all []string) {
	for _, c := range contenders {
		all = append(all, c.name)
	}
	return all
}

// rivals are those that are named.
func rivals(list string) (all []contender, err error) {
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(contenders, func(c contender) bool { return c.name == name })
		if i < 0 {
			return nil, fmt.Errorf("capture: there is no contender %q: %s", name, strings.Join(names(), ", "))
		}
		all = append(all, contenders[i])
	}
	return all, nil
}

// command is the process that captures a run's database.
func (b *bench) command(ctx context.Context, w *work, by contender) (*exec.Cmd, error) {
	p := w.server.Properties(w.name, 1)
	if by.heap == nil {
		cmd := exec.Command(b.path(w.db))
		cmd.Env = append(os.Environ(), "BENCH_BROKER="+b.broker.Addr(), "BENCH_URL="+w.url(p),
			"BENCH_USER="+p["database.user"], "BENCH_PASSWORD="+p["database.password"])
		return cmd, nil
	}
	plugins, err := servertest.InstallDebezium(ctx)
	if err != nil {
		return nil, err
	}
	maps.Copy(p, map[string]string{
		"name": "bench", "tasks.max": "1", "topic.prefix": prefix, "table.include.list": `.*\.orders,.*\.changes`,
		"key.converter": jsonConverter, "key.converter.schemas.enable": "false",
		"value.converter": jsonConverter, "value.converter.schemas.enable": "false",
		"poll.interval.ms":                  "10", // the default of 500 is the delay
		"topic.creation.default.partitions": "1", "topic.creation.default.replication.factor": "1",
	})
	if history := "schema.history.internal.kafka.topic"; p[history] != "" {
		p[history], p["schema.history.internal.kafka.bootstrap.servers"] = prefix+"-history", b.broker.Addr()
	}
	worker := maps.Clone(tuned)
	worker["plugin.path"] = plugins
	return servertest.ConnectProgram{
		Dir: w.dir, JVM: append(slices.Clone(by.heap), "-server", "-XX:+UseParallelGC", "-Djava.awt.headless=true"),
		Worker: worker, Connectors: []map[string]string{p},
	}.Command(ctx, b.broker)
}

// tuned are a worker's properties for throughput.
var tuned = map[string]string{
	"producer.linger.ms":        "5",
	"producer.batch.size":       "262144",
	"producer.compression.type": "none",
	"producer.buffer.memory":    "8388608", // the default is 32 MB: too much for the smaller heaps
}

const jsonConverter = "org.apache.kafka.connect.json.JsonConverter"
