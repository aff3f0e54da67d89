package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/connectjson"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/servertest"
)

// TestExportedInKafkaConnect runs an exported spec in Kafka Connect itself: it
// does there what it says, and what Kafka Connect answers of it is imported as
// the plan that it was.
func TestExportedInKafkaConnect(t *testing.T) {
	b := servertest.Kafka(t)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.txt"), filepath.Join(dir, "out.txt")
	if err := os.WriteFile(in, []byte("a\nb\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	spec := strings.NewReplacer("BROKER", b.Addr(), "IN", in, "OUT", out).Replace(exportedSpec)
	before := checked(t, dir, []byte(spec))
	l, err := language(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	connectors, worker, report, err := l.Export(before)
	if err != nil || len(report.Failed()) > 0 {
		t.Fatal(err, report.Failed())
	}
	delete(worker, "offset.storage.file.filename") // the test's own
	var configs []map[string]string
	for _, c := range connectors {
		configs = append(configs, c.Config)
	}
	w := servertest.Connect(t, b, worker, configs...)

	const want = "Struct{line=a,site=eu}\nStruct{line=b,site=eu}\n"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for got := []byte(nil); string(got) != want; got, _ = os.ReadFile(out) {
		select {
		case <-ctx.Done():
			t.Fatalf("out.txt is %q, want %q; Kafka Connect's log:\n%s", got, want, w.LogTail(30))
		case <-time.After(100 * time.Millisecond):
		}
	}

	var answer json.RawMessage
	if err := w.Get(ctx, "/connectors?expand=info&expand=status", &answer); err != nil {
		t.Fatal(err)
	}
	files := []connectjson.File{{Name: "connectors.json", Text: answer}, {Name: "worker.properties", Text: connectjson.Properties(worker)}}
	input, bad := connectjson.Read(files)
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	specs, report, err := l.Import(t.Context(), input, connectjson.Options{Name: "exported", Check: checkText(compiler.Config{Builtin: builtin()})})
	if err != nil || specs == nil {
		t.Fatal(err, report.Failed())
	}
	if after := checked(t, dir, specs[0].Text); !reflect.DeepEqual(plan.JSON(after.Root), plan.JSON(before.Root)) {
		t.Errorf("what came back is\n%s", specs[0].Text)
	}
}

// checked is the plan of a spec's text.
func checked(t *testing.T, dir string, spec []byte) *plan.Pipeline {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "spec.cue"), bytes.TrimSpace(spec), 0o666); err != nil {
		t.Fatal(err)
	}
	p, found, err := compiler.Check(t.Context(), compiler.Config{Builtin: builtin(), Dir: dir}, "spec.cue")
	if err != nil || p == nil {
		t.Fatal(err, found)
	}
	return p
}

const exportedSpec = `
package exported

import (
	"kcgen.dev/schema"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/transform"
)

schema.#Pipeline & {
	name: "exported"
	kafka: brokers: ["BROKER"]
	worker: offsetFlushInterval: "500ms"
	sources: lines: {
		connector: filestream.#Source & {file: "IN", topic: "exported-lines", batchSize: 10}
		keyConverter:   convert.#String
		valueConverter: convert.#JSON & {schemasEnable: true}
		transforms: [
			{do: transform.#HoistField & {on: "value", field: "line"}},
			{name: "site", do: transform.#InsertField & {on: "value", staticField: "site", staticValue: "eu"}, unless: predicate.#RecordIsTombstone},
			{name: "route", do: transform.#RegexRouter & {regex: #"exported-(\w+)"#, replacement: "$1"}, when: predicate.#TopicNameMatches & {pattern: "exported-.*"}},
		]
		topicCreation: {default: partitions: 1, groups: logs: {include: ["li.*"], configs: "retention.ms": "86400000"}}
		producer: linger: "20ms"
	}
	sinks: archive: {
		topics: ["lines"]
		connector:      filestream.#Sink & {file: "OUT"}
		keyConverter:   convert.#String
		valueConverter: convert.#JSON
		errors: {tolerance: "all", retryTimeout: "5s", logEnable: true, deadLetterQueue: {topicName: "refused", topicReplicationFactor: 1, contextHeadersEnable: true}}
		consumer: maxPollRecords: 10
	}
}
`
