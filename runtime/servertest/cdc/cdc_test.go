package cdc

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connector/sql"
)

// Every case can be read, and has a name of its own.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		cases, err := ReadCases(file)
		if err != nil {
			t.Error(err)
		}
		for _, c := range cases {
			name := c.Database + "/" + c.Name
			if seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
			if len(c.Steps) == 0 {
				t.Errorf("%s does nothing", name)
			}
		}
	}
}

// A recording that was written is read as it was.
func TestRecordingFile(t *testing.T) {
	want := &Recording{Prefix: "p", Properties: map[string]string{"a": "b"},
		Records: []Record{
			{Topic: "p.t", Offset: 1, Timestamp: 5, Key: json.RawMessage(`{"payload":1}`), Value: json.RawMessage(`{"payload":"<é>"}`), Headers: []Header{{"h", json.RawMessage(`"x"`)}}},
			{Topic: "p.t", Offset: 2, Key: json.RawMessage(`1`), Value: json.RawMessage(`null`)},
		},
		Offsets: []Offset{{json.RawMessage(`["p",{}]`), json.RawMessage(`{"lsn":1}`)}},
	}
	for _, name := range []string{"r.jsonl", "r.jsonl.gz"} {
		file := filepath.Join(t.TempDir(), name)
		if err := want.WriteFile(file); err != nil {
			t.Fatal(err)
		}
		got, err := ReadRecording(file)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

// value is a record of a change.
func value(snapshot, lsn, field string) json.RawMessage {
	return json.RawMessage(`{"schema":{"fields":[{"field":"a","type":"int32"}],"name":"PREFIX.t"},"payload":{"ts_ms":` + lsn + `,"op":"r","after":{"a":` + field + `},"source":{"snapshot":"` + snapshot + `","lsn":` + lsn + `}}}`)
}

func recording(prefix string, values ...json.RawMessage) *Recording {
	r := &Recording{Prefix: prefix}
	for _, v := range values {
		text := strings.ReplaceAll(string(v), "PREFIX", prefix)
		r.Records = append(r.Records, Record{Topic: prefix + ".t", Key: json.RawMessage(`1`), Value: json.RawMessage(text)})
	}
	return r
}

func TestCompare(t *testing.T) {
	places := func(want, got *Recording) []string {
		var out []string
		for _, d := range Compare(want, got) {
			out = append(out, d.Place)
		}
		return out
	}
	for name, c := range map[string]struct {
		want, got *Recording
		places    []string
	}{
		"same but for prefixes":   {recording("dbz", value("false", "5", "1")), recording("kcg", value("false", "5", "1")), nil},
		"a field":                 {recording("dbz", value("false", "5", "1")), recording("kcg", value("false", "5", "2")), []string{"$PREFIX.t:value.payload.after.a"}},
		"a position of a change":  {recording("dbz", value("false", "5", "1")), recording("kcg", value("false", "6", "1")), []string{"$PREFIX.t:value.payload.source.lsn"}},
		"positions of a snapshot": {recording("dbz", value("first", "5", "1")), recording("kcg", value("first", "6", "1")), nil},
		"a record more":           {recording("dbz", value("false", "5", "1")), recording("kcg", value("false", "5", "1"), value("false", "6", "1")), []string{"$PREFIX.t: records"}},
		"a tombstone less":        {recording("dbz", json.RawMessage(`null`)), recording("kcg"), []string{"$PREFIX.t: records"}},
		"a large number":          {recording("dbz", value("false", "5", "9223372036854775807")), recording("kcg", value("false", "5", "9223372036854775806")), []string{"$PREFIX.t:value.payload.after.a"}},
	} {
		if got := places(c.want, c.got); !slices.Equal(got, c.places) {
			t.Errorf("%s: %q, want %q", name, got, c.places)
		}
	}
}

// A component gets what properties say, and defaults.
func TestConfigure(t *testing.T) {
	var s sql.Source
	rest, err := Configure(&s, map[string]string{"mode": "bulk", "table.include.list": "a, b", "poll.interval.ms": "250", "validate.non.null": "false", "no.such": "x"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rest, []string{"no.such"}) {
		t.Errorf("left are %q", rest)
	}
	if s.Mode != "bulk" || !slices.Equal(s.TableIncludeList, []string{"a", "b"}) || s.PollInterval != 250*time.Millisecond || s.ValidateNonNull || s.BatchMaxRows != 1000 {
		t.Errorf("got %+v", s)
	}
	if _, err := Configure(&s, map[string]string{"poll.interval.ms": "soon"}); err == nil {
		t.Error("no error for what is no number")
	}
}

// Every recording is one of a case, can be read, and holds no secret.
func TestRecordings(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.jsonl.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	names := map[string]bool{}
	sources, _ := filepath.Glob("testdata/*/*.txtar")
	for _, file := range sources {
		cases, err := ReadCases(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			names[filepath.Join("testdata", c.Database, c.Name+".jsonl.gz")] = true
		}
	}
	for _, file := range files {
		r, err := ReadRecording(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if !names[file] {
			t.Errorf("%s is of no case", file)
		}
		if len(r.Records) == 0 || len(r.Offsets) == 0 || r.Properties["database.password"] != "" {
			t.Errorf("%s: %d records, %d offsets", file, len(r.Records), len(r.Offsets))
		}
	}
}
