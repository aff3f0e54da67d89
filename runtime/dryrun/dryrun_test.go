package dryrun

import (
	stdbytes "bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/dryrun/wire"
	"kcgen.dev/runtime/transform"
)

// panics is a transform that does.
type panics struct{}

func (panics) Open() (connect.Apply, error) {
	return func(*connect.Record) (bool, error) { panic("no way") }, nil
}

// network is a converter that needs one, and writes what it was opened as.
type network struct{ offline bool }

func (n network) Offline() connect.Converter { return network{true} }

func (n network) Open(connect.Role) (connect.Codec, error) {
	if !n.offline {
		return nil, errors.New("the network is away")
	}
	return convert.String{}.Open(connect.RoleValue)
}

var pipeline = runtime.Pipeline{
	Name: "x",
	Sources: []runtime.Source{
		{Name: "a.b", Connector: filestream.Source{Topic: "t"}, KeyConverter: convert.String{}, ValueConverter: network{}},
		{Name: "bad", Connector: filestream.Source{Topic: "t"}, KeyConverter: convert.String{}, ValueConverter: convert.String{},
			Transforms: []runtime.Step{{Do: panics{}}}},
	},
	Sinks: []runtime.Sink{{
		Name: "ref", Topics: []string{"t"}, Connector: filestream.Sink{}, KeyConverter: convert.String{Encoding: "${env:X}"}, ValueConverter: convert.String{},
	}, {
		Name: "out", Topics: []string{"t", "u"}, Connector: filestream.Sink{}, KeyConverter: convert.String{}, ValueConverter: convert.JSON{SchemasEnable: true},
		Transforms: []runtime.Step{{Name: "id", Do: transform.ExtractField{On: "value", Field: "id"}}},
	}},
}

// parsers read any text as one schema.
var parsers = Parsers{"avro": func(text, name string) (*connect.Schema, error) {
	if text != "id" {
		return nil, fmt.Errorf("avro: parse %s: %q is no schema", name, text)
	}
	return connect.NewStruct().Field("id", connect.Int32Schema).MustBuild(), nil
}}

func ask(t *testing.T, request string) wire.Report {
	t.Helper()
	var out stdbytes.Buffer
	if err := answer([]runtime.Pipeline{pipeline}, parsers, strings.NewReader(request), &out); err != nil {
		t.Fatal(err)
	}
	var rep wire.Report
	if err := json.Unmarshal(out.Bytes(), &rep); err != nil {
		t.Fatal(err)
	}
	return rep
}

func TestRun(t *testing.T) {
	rep := ask(t, `{
		"files": {"order.avsc": "id", "bad.avsc": "?"},
		"connectors": {"sources.a.b": {"topic": "t"}, "sources.bad": {"schema": {"value": {"avro": "bad.avsc"}}}},
		"topics": [{"name": "u", "schema": {"value": {"avro": "order.avsc"}}}],
		"tests": [
			{"name": "offline", "source": "a.b", "in": {"partition": -1, "value": "x"}, "out": {"partition": -1, "topic": "t", "value": "x", "valueBytes": "x"}},
			{"name": "panic", "source": "bad", "in": {"key": "x"}, "error": "panic: no way"},
			{"name": "bad schema", "source": "bad", "in": {"value": "x"}, "out": {"partition": -1}},
			{"name": "by the topic's schema", "sink": "out", "in": {"topic": "u", "value": {"id": 5}}, "out": {"partition": 0, "topic": "u", "key": null, "value": 5}},
			{"name": "wrong by it", "sink": "out", "in": {"topic": "u", "value": {"id": "x"}}, "dropped": true},
			{"name": "without one", "sink": "out", "in": {"topic": "t", "timestamp": 5, "value": {"id": "x"}}, "out": {"partition": -1, "timestamp": 6, "value": "y"}},
			{"name": "reference", "sink": "ref", "in": {"value": "x"}, "dropped": true},
			{"name": "nobody", "sink": "none", "in": {}, "dropped": true}
		]
	}`)
	if len(rep.Faults) != 1 || rep.Faults[0] != (wire.Fault{Connector: "sources.bad", Path: "schema.value.avro", Message: `avro: parse : "?" is no schema`}) {
		t.Errorf("faults %v", rep.Faults)
	}
	want := []string{
		"offline: ",
		"panic: the schema that is declared cannot be read",
		"bad schema: the schema that is declared cannot be read",
		"by the topic's schema: ",
		`wrong by it: in.value.id: "x" is no int32`,
		"without one: what comes out differs|timestamp: got 1970-01-01T00:00:00.005Z, want 1970-01-01T00:00:00.006Z|value: got \"x\", want \"y\"",
		`reference: keyConverter: convert: open String: unknown encoding "${env:X}"; a reference has no value in a test`,
		"nobody: dryrun: the pipeline has no sinks.none",
	}
	for i, r := range rep.Results {
		got := strings.Join(append([]string{r.Name + ": " + r.Message}, r.Diff...), "|")
		if got != want[i] || r.Passed != (r.Message == "") || r.Untried != strings.HasSuffix(got, "cannot be read") {
			t.Errorf("got  %s\nwant %s", got, want[i])
		}
	}
}

// TestPanic: a transform that panics fails its record, not the run.
func TestPanic(t *testing.T) {
	rep := ask(t, `{"tests": [{"name": "panic", "source": "bad", "in": {"key": "x"}, "error": "transforms[0]: panic: no way"}],
		"trace": {"connector": "sources.bad", "record": {"value": "x"}}}`)
	if len(rep.Results) != 1 || !rep.Results[0].Passed {
		t.Errorf("results %v", rep.Results)
	}
	if rep.TraceError != "transforms[0]: panic: no way" || !strings.HasPrefix(rep.Trace, "in\n") {
		t.Errorf("trace %q, error %q", rep.Trace, rep.TraceError)
	}
}

// TestRequest: what is no request is an error, and no panic.
func TestRequest(t *testing.T) {
	for _, text := range []string{``, `{`, `{"tset": []}`, `[]`, `{"pipeline": 1}`, `{"pipeline": -1}`} {
		if err := answer([]runtime.Pipeline{pipeline}, nil, strings.NewReader(text), &stdbytes.Buffer{}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// FuzzRequest: no request makes a dry run panic.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"tests":[{"source":"a.b","in":{"value":1,"headers":{"a":1}},"out":{"headers":{}}}],"flow":true}`))
	f.Add([]byte(`{"trace":{"connector":"sinks.out","record":{"topic":"t","valueBytes":"{}"}}}`))
	f.Add([]byte(`{"connectors":{"sinks.out":{"schema":{"value":{"connect":{"type":"string"}}}}},"tests":[{"sink":"out","in":{"value":null}}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		_ = answer([]runtime.Pipeline{pipeline}, parsers, stdbytes.NewReader(in), &stdbytes.Buffer{})
	})
}
