package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kcgen.dev/runtime/javatest"
)

const (
	good    = `{"id":"a-1","op":"to_connect","class":"x.LongConverter","config":{},"bytes":"AAAAAAAAAAU=","expect":{"result":{"schema":{"type":"int64","optional":true},"payload":5}}}`
	bad     = `{"id":"a-2","op":"to_connect","class":"x.LongConverter","config":{},"bytes":"AAAAAAAAAAU=","expect":{"result":{"schema":{"type":"int64","optional":true},"payload":6}}}`
	failing = `{"id":"a-3","op":"to_connect","class":"x.LongConverter","config":{},"bytes":"AA==","expect":{"error":"x"}}`
	missing = `{"id":"b-1","op":"transform","class":"x.Nothing$Key","config":{},"record":{"topic":"t"},"expect":{"error":"x"}}`
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.jsonl"), good, bad, failing)
	write(t, filepath.Join(dir, "b.jsonl"), missing)
	var out strings.Builder
	total, err := run(&out, &javatest.Table, []string{dir}, false)
	if err != nil || total != (tally{2, 4}) {
		t.Errorf("%v, %v", total, err)
	}
	const want = "a.jsonl: 2 of 3 matched; differ: a-2\n" +
		"b.jsonl: 0 of 1 matched; differ: b-1\n\ttransform Nothing: not in the table\n" +
		"total: 2 of 4 matched\n"
	if out.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", out.String(), want)
	}
}

func TestRunFindsNothing(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.jsonl")
	for _, paths := range [][]string{nil, {dir}, {filepath.Join(dir, "none")}, {empty}} {
		if len(paths) == 1 && paths[0] == empty {
			write(t, empty)
		}
		if _, err := run(&strings.Builder{}, &javatest.Table, paths, false); err == nil {
			t.Errorf("%q: no error", paths)
		}
	}
}

func write(t *testing.T, file string, lines ...string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o666); err != nil {
		t.Fatal(err)
	}
}
