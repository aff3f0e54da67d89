package props_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/convert/avro"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/props"
	"kcgen.dev/runtime/registry"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/security"
	"kcgen.dev/runtime/transform"
)

const canary = "correct horse battery staple"

func redact(*connect.Record) (bool, error) { return true, nil }

var pipeline = runtime.Pipeline{
	Name: "orders",
	Sources: []runtime.Source{{
		Name:           "orders-in",
		Connector:      filestream.Source{File: "${env:ORDERS}", Topic: "orders", BatchSize: 500, MaxLineBytes: 16 << 20, RotateWait: 5 * time.Second},
		TasksMax:       1,
		KeyConverter:   convert.String{Encoding: "UTF-8"},
		ValueConverter: avro.Converter{SchemaRegistry: registry.Registry{URL: []string{"https://a:8081", "https://b:8081"}, BasicAuthUserInfo: secret.Ref("${env:CANARY}"), TLS: &security.TLS{CAFile: "/ca.pem"}, LatestCacheTTL: time.Minute}, SubjectNameStrategy: "TopicNameStrategy", AutoRegisterSchemas: true},
		Transforms: []runtime.Step{
			{Do: transform.HoistField{On: "value", Field: "line", FieldSyntaxVersion: "V1"}},
			{Name: "site", Unless: predicate.TopicNameMatches{Pattern: "x.*"},
				Do: transform.ReplaceField{On: "value", Exclude: []string{"a", "b"}, Renames: map[string]string{"c": "d", "e": "f"}, ReplaceNullWithDefault: true}},
			{Name: "own", Do: connect.TransformFunc(redact)},
		},
		Errors: runtime.Errors{Tolerance: "all", RetryTimeout: connect.Forever, RetryDelayMax: time.Minute,
			DeadLetterQueue: &runtime.DeadLetterQueue{TopicName: "dlq", TopicReplicationFactor: -1}},
		TopicCreation: &runtime.TopicCreation{
			Default: runtime.TopicDefaults{ReplicationFactor: -1, Partitions: 3, Configs: map[string]string{"cleanup.policy": "compact"}},
			Groups:  []runtime.TopicGroup{{Name: "big", Include: []string{"o.*"}, ReplicationFactor: 3, Partitions: 12}},
		},
		ExactlyOnce: &runtime.ExactlyOnce{TransactionBoundary: "interval", TransactionBoundaryInterval: 10 * time.Second, TransactionTimeout: time.Minute},
		Producer:    &kafka.Producer{Linger: 5 * time.Millisecond, BatchSize: 1 << 20},
	}},
	Sinks: []runtime.Sink{{
		Name:            "orders-out",
		Topics:          []string{"orders", "more"},
		Connector:       filestream.Sink{File: "out.txt"},
		TasksMax:        2,
		KeyConverter:    convert.String{Encoding: "UTF-8"},
		ValueConverter:  convert.JSON{DecimalFormat: "BASE64", ReplaceNullWithDefault: true},
		HeaderConverter: convert.SimpleHeader{},
		Errors:          runtime.Errors{Tolerance: "none", RetryDelayMax: time.Minute},
		Consumer:        &kafka.Consumer{AutoOffsetReset: "latest"},
	}},
}

// The properties of two connectors with everything that a spec can say of one.
// KCGEN_UPDATE=1 writes what they are.
func TestConfig(t *testing.T) {
	t.Setenv("CANARY", canary)
	config, defaults := props.Config(pipeline.Sources[0])
	golden(t, "source.json", map[string]any{"config": config, "defaults": defaults})
	config, defaults = props.Config(pipeline.Sinks[0])
	golden(t, "sink.json", map[string]any{"config": config, "defaults": defaults})
	golden(t, "components.json", props.Components(pipeline))
	golden(t, "options.json", map[string]any{"source": props.Common(pipeline, "source"), "sink": props.Common(pipeline, "sink")})
}

// Whatever is resolved, what is shown of a secret is its reference.
func TestSecret(t *testing.T) {
	t.Setenv("CANARY", canary)
	t.Setenv("ORDERS", "in.txt")
	p := pipeline
	if err := secret.Resolve(&p); err != nil {
		t.Fatal(err)
	}
	for _, shown := range []runtime.Pipeline{pipeline, p} {
		config, _ := props.Config(shown.Sources[0])
		text, err := json.Marshal([]any{config, props.Components(shown)})
		if err != nil || strings.Contains(string(text), canary) || !strings.Contains(string(text), "${env:CANARY}") {
			t.Errorf("shows a secret, or no reference: %s, %v", text, err)
		}
	}
}

func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	file := "testdata/" + name
	if os.Getenv("KCGEN_UPDATE") != "" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != string(got) {
		t.Errorf("%s is not what is made (%v):\n%s", name, err, got)
	}
}
