package rest_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/convert/avro"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/loglevel"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/registry"
	"kcgen.dev/runtime/rest"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/state"
	"kcgen.dev/runtime/transform"
)

// TestCanaries has a secret in every kind of field, asks for everything, and
// looks for them.
func TestCanaries(t *testing.T) {
	n := 0
	canary := func() string {
		n++
		t.Setenv(fmt.Sprint("CANARY", n), fmt.Sprint("tweet-", n, "-tweet"))
		return fmt.Sprint("${env:CANARY", n, "}")
	}
	reg := registry.Registry{
		URL: []string{"https://user:" + canary() + "@registry"}, BasicAuthUserInfo: secret.Ref(canary()),
		BearerAuthToken: secret.Ref(canary()), BearerAuthClientSecret: secret.Ref(canary()), BearerAuthScope: canary(),
	}
	p := runtime.Pipeline{
		Name:  "canaries",
		Kafka: kafka.Cluster{Brokers: []string{canary()}, SASL: &kafka.SASL{Mechanism: "PLAIN", Username: canary(), Password: secret.Ref(canary()), Extensions: map[string]string{"a": canary()}}},
		Worker: runtime.Worker{OffsetStorageTopic: canary(),
			Rest: &runtime.REST{Advertised: canary(), BasicAuth: map[string]secret.Secret{"operator": secret.Ref(canary())}}},
		Sources: []runtime.Source{{
			Name: "src", Connector: filestream.Source{File: canary(), Topic: canary()}, TasksMax: 1,
			KeyConverter: convert.String{Encoding: "UTF-8"}, ValueConverter: avro.Converter{SchemaRegistry: reg},
			Transforms: []runtime.Step{{
				Do:   transform.InsertField{On: "value", StaticField: "f", StaticValue: canary()},
				When: predicate.TopicNameMatches{Pattern: canary()},
			}, {Do: transform.ReplaceField{On: "value", Exclude: []string{canary()}, Renames: map[string]string{"a": canary()}}}},
			Errors:        runtime.Errors{Tolerance: "all", RetryDelayMax: time.Second, DeadLetterQueue: &runtime.DeadLetterQueue{TopicName: canary()}},
			TopicCreation: &runtime.TopicCreation{Default: runtime.TopicDefaults{Configs: map[string]string{"a": canary()}}},
		}},
		Sinks: []runtime.Sink{{
			Name: "snk", Topics: []string{canary()}, Connector: filestream.Sink{File: canary()}, TasksMax: 1,
			KeyConverter: convert.String{Encoding: "UTF-8"}, ValueConverter: convert.JSON{SchemaContent: canary()},
			Consumer: &kafka.Consumer{GroupID: canary()},
		}},
	}
	resolved := p
	quiet(t, "resolve", secret.Resolve(&resolved))

	f := &fake{conns: map[string]*fakeConn{"src": {kind: "source", target: state.Started}, "snk": {kind: "sink", target: state.Started}}}
	var log strings.Builder
	o := rest.Options{
		Herder: f, Pipeline: p.Name, Version: "v", Users: resolved.Worker.Rest.BasicAuth, Levels: loglevel.New(slog.LevelDebug),
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 4})),
	}
	o.Connectors, o.Plugins = rest.Describe(p, "v")
	h := rest.New(o)
	bodies := []string{"", "{}", `{"connector.class":"filestream.Source"}`, `{"name":"x","config":{"connector.class":"filestream.Source"}}`, `{"level":"TRACE"}`}
	answers, asked := "", 0
	for _, path := range []string{"/", "/health", "/connectors", "/connectors?expand=info&expand=status", "/connectors/src", "/connectors/src/config", "/connectors/src/status",
		"/connectors/src/tasks", "/connectors/src/tasks/0/status", "/connectors/src/topics", "/connectors/src/offsets", "/connectors/src/restart?includeTasks=true", "/connectors/snk", "/connectors/snk/tasks",
		"/connector-plugins?connectorsOnly=false", "/connector-plugins/filestream.Source/config", "/connector-plugins/avro.Converter/config",
		"/connector-plugins/filestream.Source/config/validate", "/admin/loggers", "/admin/loggers/root", "/nope"} {
		for _, method := range []string{"GET", "PUT", "POST", "PATCH", "DELETE"} {
			for _, body := range bodies {
				w := request(h, method, path, body, "Authorization", "Basic b3BlcmF0b3I6"+"d3Jvbmc=")
				answers += w.Body.String()
				r := request(h, method, path, body, "Authorization", basic("operator", resolved.Worker.Rest.BasicAuth["operator"].Reveal()))
				answers += r.Body.String() + fmt.Sprint(r.Header())
				asked++
			}
		}
	}
	if n < 20 || !strings.Contains(answers, "${env:CANARY1}") || strings.Count(answers, "401") == 0 {
		t.Errorf("%d canaries, %d requests: the test looks at too little", n, asked)
	}
	for i := range n {
		for where, text := range map[string]string{"answers": answers, "log": log.String()} {
			if strings.Contains(text, fmt.Sprint("tweet-", i+1, "-tweet")) {
				t.Errorf("canary %d is in the %s", i+1, where)
			}
		}
	}
}

// What a real pipeline shows of itself fits together: the configuration of
// each connector is one that validating finds no fault with, and that changes
// nothing.
func TestDescribed(t *testing.T) {
	p := runtime.Pipeline{
		Sources: []runtime.Source{{Name: "src", Connector: filestream.Source{Topic: "t", BatchSize: 2000}, TasksMax: 1, KeyConverter: convert.String{Encoding: "UTF-8"}, ValueConverter: convert.JSON{}}},
		Sinks:   []runtime.Sink{{Name: "snk", Topics: []string{"t"}, Connector: filestream.Sink{File: "x"}, TasksMax: 1, KeyConverter: convert.String{Encoding: "UTF-8"}, ValueConverter: convert.JSON{}}},
	}
	f := &fake{conns: map[string]*fakeConn{"src": {kind: "source", target: state.Started}, "snk": {kind: "sink", target: state.Started}}}
	o := rest.Options{Herder: f, Pipeline: "p"}
	o.Connectors, o.Plugins = rest.Describe(p, "v")
	h := rest.New(o)
	for _, c := range o.Connectors {
		config := request(h, "GET", "/connectors/"+c.Name+"/config", "").Body.String()
		if w := request(h, "PUT", "/connectors/"+c.Name+"/config", config); w.Code != 200 {
			t.Errorf("%s: %d %s", c.Name, w.Code, w.Body)
		}
		w := request(h, "PUT", "/connector-plugins/"+c.Config["connector.class"]+"/config/validate", config)
		var verdict struct {
			Errors  int `json:"error_count"`
			Configs []struct {
				Definition struct{ Name string }
				Value      struct{ Errors []string }
			}
		}
		quiet(t, "validate", json.Unmarshal(w.Body.Bytes(), &verdict))
		if verdict.Errors > 0 || len(verdict.Configs) < 20 {
			t.Errorf("%s: %s", c.Name, w.Body)
		}
		known := map[string]bool{}
		for _, d := range verdict.Configs {
			if known[d.Definition.Name] {
				t.Errorf("%s: %s is defined twice", c.Name, d.Definition.Name)
			}
			known[d.Definition.Name] = true
		}
		for name := range c.Config {
			if !known[name] && !strings.Contains(name, ".converter.") {
				t.Errorf("%s: %s is not defined", c.Name, name)
			}
		}
	}
}
