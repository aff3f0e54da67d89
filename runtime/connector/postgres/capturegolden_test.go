package postgres_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"kcgen.dev/runtime/connector/postgres"
	"kcgen.dev/runtime/servertest"
)

// golden is a record as Debezium gave it.
type golden struct {
	Topic      string
	Key, Value any
	Headers    []any
}

// variants are the options of each recording.
var variants = map[string]func(*postgres.Source){
	"types":                      func(*postgres.Source) {},
	"types-decimal-string":       func(s *postgres.Source) { s.DecimalHandlingMode = "string" },
	"types-decimal-double":       func(s *postgres.Source) { s.DecimalHandlingMode = "double" },
	"types-time-adaptive-micros": func(s *postgres.Source) { s.TimePrecisionMode = "adaptive_time_microseconds" },
	"types-time-connect":         func(s *postgres.Source) { s.TimePrecisionMode = "connect" },
	"types-time-isostring":       func(s *postgres.Source) { s.TimePrecisionMode = "isostring" },
	"types-time-microseconds":    func(s *postgres.Source) { s.TimePrecisionMode = "microseconds" },
	"types-time-nanoseconds":     func(s *postgres.Source) { s.TimePrecisionMode = "nanoseconds" },
	"types-binary-base64":        func(s *postgres.Source) { s.BinaryHandlingMode = "base64" },
	"types-binary-base64url":     func(s *postgres.Source) { s.BinaryHandlingMode = "base64-url-safe" },
	"types-binary-hex":           func(s *postgres.Source) { s.BinaryHandlingMode = "hex" },
	"types-hstore-json": func(s *postgres.Source) {
		s.HstoreHandlingMode, s.IntervalHandlingMode, s.MoneyFractionDigits = "json", "string", 4
	},
	"types-unknown": func(s *postgres.Source) { s.IncludeUnknownDatatypes = true },
}

// TestGolden captures what Debezium captured, and compares all records, with
// their schemas.
func TestGolden(t *testing.T) {
	a, err := txtar.ParseFile(filepath.Join("testdata", "capture", "types.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(variants)) {
		t.Run(name, func(t *testing.T) {
			want := goldens(t, filepath.Join("testdata", "capture", name+".jsonl.gz"))
			d := adminDatabase(t)
			d.exec(section(t, a, "setup.sql"))
			s := d.source()
			variants[name](&s)
			l := d.capture(s)
			l.untilSnapshot()
			for _, step := range []string{"insert.sql", "update.sql", "full.sql"} {
				d.exec(section(t, a, step))
			}
			l.untilIdle()
			compareGoldens(t, want, l.records)
		})
	}
}

func section(t testing.TB, a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	t.Fatalf("no section %s", name)
	return ""
}

func goldens(t testing.TB, file string) (all []golden) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var g golden
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.UseNumber()
		if err := dec.Decode(&g); err != nil {
			t.Fatal(err)
		}
		if g.Topic != "" {
			all = append(all, g)
		}
	}
	return all
}

var prefixed = regexp.MustCompile(`^postgres_types[a-z_0-9]*`)

// tidy takes out what differs from run to run.
func tidy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			switch k {
			case "ts_ms", "ts_us", "ts_ns", "txId", "lsn", "sequence", "db", "connectorLogicalName", "runId":
				if _, ok := e.(map[string]any); !ok && e != nil {
					e = "…"
				}
			}
			if k == "name" {
				if s, ok := e.(string); ok {
					e = prefixed.ReplaceAllString(s, "p")
				}
			}
			out[k] = tidy(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = tidy(e)
		}
		return out
	}
	return v
}

func byTopic(all []golden) map[string][]golden {
	m := map[string][]golden{}
	for _, g := range all {
		topic := prefixed.ReplaceAllString(g.Topic, "p")
		m[topic] = append(m[topic], golden{Topic: topic, Key: tidy(g.Key), Value: tidy(g.Value)})
	}
	return m
}

// compareGoldens says which fields differ, and of which only the first is shown.
func compareGoldens(t *testing.T, want, got []golden) {
	t.Helper()
	w, g := byTopic(want), byTopic(got)
	for _, topic := range slices.Sorted(maps.Keys(w)) {
		if len(g[topic]) != len(w[topic]) {
			t.Errorf("%s: %d records, not %d", topic, len(g[topic]), len(w[topic]))
		}
		said := map[string]bool{}
		for i := range min(len(w[topic]), len(g[topic])) {
			for _, d := range differences("", asAny(w[topic][i]), asAny(g[topic][i])) {
				if !said[d.path] {
					said[d.path] = true
					t.Errorf("%s record %d: %s\n\twant %s\n\tgot  %s", topic, i, d.path, d.want, d.got)
				}
			}
		}
	}
	for topic := range g {
		if w[topic] == nil && !strings.Contains(topic, "heartbeat") {
			t.Errorf("%s: %d records too many", topic, len(g[topic]))
		}
	}
}

func asAny(g golden) any { return map[string]any{"key": g.Key, "value": g.Value} }

type difference struct{ path, want, got string }

// differences are the paths at which two values differ. The fields of schemas go
// by their names.
func differences(path string, want, got any) (all []difference) {
	w, ok1 := want.(map[string]any)
	g, ok2 := got.(map[string]any)
	if ok1 && ok2 {
		for k := range maps.Keys(w) {
			if _, ok := g[k]; !ok {
				all = append(all, difference{path + "." + k, brief(w[k]), "absent"})
				continue
			}
			all = append(all, differences(path+"."+k, w[k], g[k])...)
		}
		for k := range g {
			if _, ok := w[k]; !ok {
				all = append(all, difference{path + "." + k, "absent", brief(g[k])})
			}
		}
		return all
	}
	wl, ok1 := want.([]any)
	gl, ok2 := got.([]any)
	if ok1 && ok2 && fields(wl) != nil && fields(gl) != nil {
		return differences(path, fields(wl), fields(gl))
	}
	if !cmp.Equal(want, got) {
		return []difference{{path, brief(want), brief(got)}}
	}
	return nil
}

// fields are the fields of a schema under their names.
func fields(l []any) map[string]any {
	m := map[string]any{}
	for i, e := range l {
		f, ok := e.(map[string]any)
		if !ok || f["field"] == nil {
			return nil
		}
		f["place"] = i
		m[fmt.Sprint(f["field"])] = f
	}
	return m
}

func brief(v any) string {
	b, _ := json.Marshal(v)
	if len(b) > 300 {
		b = append(b[:300], "…"...)
	}
	return string(b)
}

var _ = servertest.Main
