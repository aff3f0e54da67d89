package connectjson

import (
	"maps"
	"testing"
	"time"
)

// TestProperties holds the parser to what java.util.Properties reads.
func TestProperties(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"a=b":                         {"a": "b"},
		"  a b = c ":                  {"a": "b = c "},
		"a:b=c":                       {"a": "b=c"},
		"a = b":                       {"a": "b"},
		"a\tb":                        {"a": "b"},
		"a":                           {"a": ""},
		"=b":                          {"": "b"},
		"# a=b\n! c=d\n\n  # e\n":     {},
		"a=b\\\n   c":                 {"a": "bc"},
		"a=b\\\\\nc=d":                {"a": `b\`, "c": "d"},
		"a=b\\\r\n  c\rd=e":           {"a": "bc", "d": "e"},
		"a=b\\\n":                     {"a": "b"},
		"a=b\\":                       {"a": "b"},
		"a=b\\\n#c":                   {"a": "b#c"},
		`a\ b\:c\=d=e`:                {"a b:c=d": "e"},
		`a=\t\n\r\f\q\\`:              {"a": "\t\n\r\fq\\"},
		`\u00e9=\uD83D\uDE00`:         {"é": "😀"},
		"a=1\na=2":                    {"a": "2"},
		"regex=(.*)\\\\.(.*)":         {"regex": `(.*)\.(.*)`},
		"transforms.a.type=X$Value\n": {"transforms.a.type": "X$Value"},
	} {
		props, err := parseProperties(text)
		got := map[string]string{}
		for k, p := range props {
			got[k] = p.Text
		}
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
	if _, err := parseProperties(`a=\u12g4`); err == nil {
		t.Error(`no error of \u12g4`)
	}
}

func TestLength(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 1: "0s", time.Millisecond: "1ms", 1500 * time.Millisecond: "1500ms", time.Second: "1s",
		time.Minute: "60s", 90 * time.Second: "90s", 2 * time.Minute: "2m", time.Hour: "1h", 25 * time.Hour: "25h",
	} {
		if got := length(d); got != want {
			t.Errorf("%d is %s, want %s", d, got, want)
		}
	}
}

func TestJAAS(t *testing.T) {
	module, options, err := jaas("org.x.Login  required\n username=\"a b\" password='c\"d;' z=1 ;")
	want := map[string]string{"username": "a b", "password": `c"d;`, "z": "1"}
	if err != nil || module != "org.x.Login" || !maps.Equal(options, want) {
		t.Errorf("%s %q, %v; want %q", module, options, err, want)
	}
	for _, text := range []string{"", "x", "x required username", `x required password="hunter2`, "x required =b"} {
		if _, _, err := jaas(text); err == nil && text != "x required" {
			t.Errorf("no error of %q", text)
		}
	}
}
