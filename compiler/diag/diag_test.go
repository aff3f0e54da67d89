package diag_test

import (
	"bytes"
	"testing"

	"kcgen.dev/compiler/diag"
)

var two = diag.List{
	{File: "b.cue", Line: 3, Col: 1, Path: "sinks.a", Msg: "unknown field"},
	{File: "a.cue", Line: 10, Col: 2, Msg: "ten"},
	{File: "a.cue", Line: 9, Col: 14, Path: "x.bucket", Msg: `"Acme" does not match ^[a-z]$`, At: []string{"kcgen.dev/runtime/connector/s3/s3.cue:11:11"}},
	{File: "a.cue", Line: 10, Col: 2, Msg: "ten"},
	{File: "a.cue", Msg: "of the whole file"},
}

func TestPrint(t *testing.T) {
	var b bytes.Buffer
	if err := two.Sorted().Print(&b); err != nil {
		t.Fatal(err)
	}
	const want = "a.cue: of the whole file\n" +
		"a.cue:9:14: x.bucket: \"Acme\" does not match ^[a-z]$\n" +
		"\tas declared at kcgen.dev/runtime/connector/s3/s3.cue:11:11\n" +
		"a.cue:10:2: ten\n" +
		"b.cue:3:1: sinks.a: unknown field\n"
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := (diag.List{two[2]}).JSON(&b); err != nil {
		t.Fatal(err)
	}
	const want = `[
  {
    "severity": "error",
    "file": "a.cue",
    "line": 9,
    "col": 14,
    "path": "x.bucket",
    "message": "\"Acme\" does not match ^[a-z]$",
    "declaredAt": [
      "kcgen.dev/runtime/connector/s3/s3.cue:11:11"
    ]
  }
]
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
	b.Reset()
	w := diag.List{two[0], {File: "a.cue", Line: 1, Col: 2, Path: "p", Msg: "m", Warning: true}}
	if err := w.Warnings().JSON(&b); err != nil || b.String() != "[\n  {\n    \"severity\": \"warning\",\n    \"file\": \"a.cue\",\n    \"line\": 1,\n    \"col\": 2,\n    \"path\": \"p\",\n    \"message\": \"m\"\n  }\n]\n" {
		t.Errorf("a warning: %s, %v", &b, err)
	}
	if got := w.Warnings().Error(); got != "a.cue:1:2: p: warning: m" || len(w.Faults()) != 1 {
		t.Errorf("%q", got)
	}
	b.Reset()
	if err := diag.List(nil).JSON(&b); err != nil || b.String() != "[]\n" {
		t.Errorf("none: %q, %v", b.String(), err)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"tasksMax", "errors", "flushSize", "file", "topic", "on"}
	for word, want := range map[string]string{
		"taskMax": "tasksMax", "tasks.max": "tasksMax", "flushsize": "flushSize", "flush_size": "flushSize",
		"fiel": "file", "eror": "", "erors": "errors", "bucket": "", "x": "", "no": "on", "topics": "topic", "": "",
	} {
		if got := diag.Nearest(word, known); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestLabel(t *testing.T) {
	for name, want := range map[string]string{
		"local-file-source": "local-file-source", "a b": `"a b"`, "tasks.max": `"tasks.max"`, "": `""`, "a\nb": `"a\nb"`,
	} {
		if got := diag.Label(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}
