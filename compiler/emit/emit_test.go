package emit_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/constant"
	"go/format"
	"go/parser"
	"go/token"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"kcgen.dev/compiler/emit"
	"kcgen.dev/compiler/plan"
)

// hostile are strings that would break or change a program if they got into
// it as anything but data (RELIABILITY C1–C6).
var hostile = []string{
	"*/ func init() { panic(1) } /*",
	"\n//go:embed /etc/passwd",
	"//go:linkname main.main os.Exit",
	"//line x.go:1",
	"+build ignore",
	"\n+build ignore\n",
	"go:build ignore",
	"`); os.Exit(7); (`",
	`"); os.Exit(7); ("`,
	"\x00\x01\x1b[31m\x7f",
	"\u2028func init() {}\u2029",
	"\u202e\u2066abc\u2069\ufeff",
	"\xff\xfe\xf0\x28\x8c\x28",
	"line\r\nnext\vline\fend\u0085x",
	"%s %d %!v(MISSING)",
	"\\\n\\u000a",
	strings.Repeat("x", 10_000),
}

func str(s string) *plan.Lit { return &plan.Lit{Pos: here, Kind: plan.String, Str: s} }

var here = plan.Pos{File: "x.cue", Line: 1, Column: 1}

func runtimeType(name string) plan.Type {
	return plan.Type{Path: "kcgen.dev/runtime", Pkg: "runtime", Name: name}
}

// everywhere is a plan with a string at each place that takes one.
func everywhere(s string) *plan.Pipeline {
	named := func(typ string) plan.Elem { return plan.Elem{Type: runtimeType(typ)} }
	step := &plan.Struct{Doc: []string{s}, Type: runtimeType("Step"), Fields: []plan.Field{
		{Doc: []string{s, s}, Name: "do", Go: "Do", Value: &plan.Struct{
			Component: true, Type: plan.Type{Path: "example.com/acme/mask", Pkg: "mask", Name: "Field"},
			Fields: []plan.Field{{Doc: []string{s}, Name: "field", Go: "Field", Value: str(s)}},
		}},
	}}
	source := &plan.Struct{Doc: []string{s}, Type: runtimeType("Source"), Fields: []plan.Field{
		{Go: "Name", Value: str(s)},
		{Name: "transforms", Go: "Transforms", Value: &plan.List{Elem: named("Step"), Elems: []plan.Node{step}}},
		{Name: "configs", Go: "Configs", Value: &plan.Map{Elem: plan.Elem{Kind: plan.String}, Keys: []string{s}, Vals: []plan.Node{str(s)}}},
		{Name: "password", Go: "Password", Value: &plan.Lit{Kind: plan.Secret, Str: s}},
		{Name: "topics", Go: "Topics", Value: &plan.List{Elem: plan.Elem{Kind: plan.String}, Elems: []plan.Node{
			&plan.Lit{Doc: []string{s}, Kind: plan.String, Str: s},
		}}},
	}}
	return &plan.Pipeline{Name: s, Spec: s, Doc: []string{s}, Root: &plan.Struct{Type: runtimeType("Pipeline"), Fields: []plan.Field{
		{Doc: []string{s}, Name: "name", Go: "Name", Value: str(s)},
		{Name: "sources", Go: "Sources", Value: &plan.List{Elem: named("Source"), Named: true, Elems: []plan.Node{source, source}}},
	}}}
}

func TestHostileStrings(t *testing.T) {
	for i, s := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) { roundTrip(t, everywhere(s)) })
	}
}

func TestLargeString(t *testing.T) {
	p := everywhere("x")
	p.Root.Fields[0].Value = str(strings.Repeat("\x00é\"", 1<<18))
	roundTrip(t, p)
}

// roundTrip prints a plan and proves that the program is whitelisted (Go
// refuses it otherwise), gofmt-clean, the same when printed again, and holds
// the plan's strings byte for byte.
func roundTrip(t *testing.T, p *plan.Pipeline) {
	t.Helper()
	src, err := emit.Go(p)
	if err != nil {
		t.Fatal(err)
	}
	again, err := emit.Go(p)
	if err != nil || !bytes.Equal(src, again) {
		t.Errorf("printed twice, it differs: %v", err)
	}
	if formatted, err := format.Source(src); err != nil || !bytes.Equal(src, formatted) {
		t.Errorf("not gofmt-clean: %v\n%s", err, src)
	}
	if !utf8.Valid(src) || !emit.IsGenerated(src) {
		t.Errorf("no generated file:\n%s", src)
	}
	want, have := planStrings(p), sourceStrings(t, src)
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(want, have) {
		t.Errorf("the strings are\n%q\nwant\n%q\nin\n%s", have, want, src)
	}
}

func planStrings(p *plan.Pipeline) []string {
	var out []string
	plan.Walk(p.Root, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Lit:
			if n.Kind == plan.String || n.Kind == plan.Secret {
				out = append(out, n.Str)
			}
		case *plan.Map:
			out = append(out, n.Keys...)
		}
		return true
	})
	return out
}

func sourceStrings(t *testing.T, src []byte) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "main.go", src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			continue
		}
		ast.Inspect(d, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				out = append(out, constant.StringVal(constant.MakeFromLiteral(l.Value, l.Kind, 0)))
			}
			return true
		})
	}
	return out
}

// TestRefused holds what no plan of lower's has, and emit refuses all the
// same.
func TestRefused(t *testing.T) {
	typed := func(path, pkg, name string) *plan.Pipeline {
		p := everywhere("x")
		p.Root.Fields = append(p.Root.Fields, plan.Field{Go: "Extra", Value: &plan.Struct{
			Component: true, Type: plan.Type{Path: path, Pkg: pkg, Name: name},
		}})
		return p
	}
	field := func(name string) *plan.Pipeline {
		p := everywhere("x")
		p.Root.Fields[0].Go = name
		return p
	}
	for name, p := range map[string]*plan.Pipeline{
		"no root":          {},
		"other root":       {Root: &plan.Struct{Type: plan.Type{Path: "x.y/z", Pkg: "z", Name: "Z"}}},
		"cgo":              typed("C", "C", "Int"),
		"quoted path":      typed("x.y/\"z", "z", "Z"),
		"dot-dot path":     typed("x.y/../z", "z", "Z"),
		"package keyword":  typed("x.y/func", "func", "Z"),
		"unexported type":  typed("x.y/z", "z", "zed"),
		"type with code":   typed("x.y/z", "z", "Z{}; func init()"),
		"package dot":      typed("x.y/z", ".", "Z"),
		"field with code":  field("Name: os.Exit(1), X"),
		"field unexported": field("name"),
		"field empty":      field(""),
	} {
		if src, err := emit.Go(p); err == nil {
			t.Errorf("%s: no error:\n%s", name, src)
		}
	}
}

// TestNames holds that packages of one name, and names that Go or the program
// has already, get a number, and that an import's alias says a name that its
// path does not.
func TestNames(t *testing.T) {
	root := everywhere("x").Root
	for i, typ := range []plan.Type{
		{Path: "a.example/kafka", Pkg: "kafka", Name: "A"}, {Path: "b.example/kafka", Pkg: "kafka", Name: "B"},
		{Path: "c.example/pipeline", Pkg: "pipeline", Name: "C"}, {Path: "d.example/string", Pkg: "string", Name: "D"},
		{Path: "e.example/go-mqtt", Pkg: "mqtt", Name: "E"}, {Path: "f.example/time", Pkg: "time", Name: "F"},
		{Path: "kcgen.dev/runtime/kafka", Pkg: "kafka", Name: "G"}, {Path: "h.example/mqtt/v2", Pkg: "mqtt", Name: "H"},
	} {
		root.Fields = append(root.Fields, plan.Field{Go: fmt.Sprintf("F%d", i), Value: &plan.Struct{Component: true, Type: typ}})
	}
	root.Fields = append(root.Fields, plan.Field{Go: "Wait", Value: &plan.Lit{Kind: plan.Duration, Int: 5}})
	src, err := emit.Go(&plan.Pipeline{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"kafka2 \"a.example/kafka\"", "kafka3 \"b.example/kafka\"", "pipeline2 \"c.example/pipeline\"", "string2 \"d.example/string\"",
		"mqtt \"e.example/go-mqtt\"", "time2 \"f.example/time\"", "\n\t\"kcgen.dev/runtime/kafka\"", "mqtt2 \"h.example/mqtt/v2\"",
		"\n\t\"time\"\n\n", "kafka.G{}", "mqtt2.H{}", "5 * time.Nanosecond",
	} {
		if !bytes.Contains(src, []byte(want)) {
			t.Errorf("no %q in\n%s", want, src)
		}
	}
}

func TestScalars(t *testing.T) {
	lits := []struct {
		lit  plan.Lit
		want string
	}{
		{plan.Lit{Kind: plan.Duration, Int: 0}, "0"},
		{plan.Lit{Kind: plan.Duration, Int: plan.Forever}, "connect.Forever"},
		{plan.Lit{Kind: plan.Duration, Int: 60e9}, "time.Minute"},
		{plan.Lit{Kind: plan.Duration, Int: 90e9}, "90 * time.Second"},
		{plan.Lit{Kind: plan.Duration, Int: 36e12}, "10 * time.Hour"},
		{plan.Lit{Kind: plan.Duration, Int: 1500}, "1500 * time.Nanosecond"},
		{plan.Lit{Kind: plan.Duration, Int: math.MaxInt64}, "9223372036854775807 * time.Nanosecond"},
		{plan.Lit{Kind: plan.Bytes, Int: 64 << 20}, "64 << 20"},
		{plan.Lit{Kind: plan.Bytes, Int: 1 << 30}, "1 << 30"},
		{plan.Lit{Kind: plan.Bytes, Int: 16_000_000}, "16000000"},
		{plan.Lit{Kind: plan.Bytes, Int: 1}, "1"},
		{plan.Lit{Kind: plan.Bytes, Int: math.MaxInt64}, "9223372036854775807"},
		{plan.Lit{Kind: plan.Int, Int: math.MinInt64}, "-9223372036854775808"},
		{plan.Lit{Kind: plan.Int, Int: -1}, "-1"},
		{plan.Lit{Kind: plan.Float, Float: 0.1}, "0.1"},
		{plan.Lit{Kind: plan.Float, Float: -1e300}, "-1e+300"},
		{plan.Lit{Kind: plan.Float, Float: 3}, "3.0"},
		{plan.Lit{Kind: plan.Bool, Bool: true}, "true"},
		{plan.Lit{Kind: plan.Secret, Str: "${env:X}"}, `secret.Ref("${env:X}")`},
	}
	for _, l := range lits {
		l.lit.Pos = here
		src, err := emit.Go(&plan.Pipeline{Root: &plan.Struct{Type: runtimeType("Pipeline"), Fields: []plan.Field{{Go: "F", Value: &l.lit}}}})
		if err != nil {
			t.Errorf("%+v: %v", l.lit, err)
		} else if !bytes.Contains(src, []byte("\tF: "+l.want+",\n")) {
			t.Errorf("%+v is not %s in\n%s", l.lit, l.want, src)
		}
	}
}

// FuzzEmit prints plans made of any bytes.
func FuzzEmit(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, s, int64(len(s)), 1.5)
	}
	f.Add("Name", "kcgen.dev/runtime/kafka", int64(-1), math.Inf(1))
	f.Fuzz(func(t *testing.T, a, b string, n int64, x float64) {
		if math.IsInf(x, 0) || math.IsNaN(x) {
			x = 0 // CUE has neither
		}
		p := everywhere(a)
		p.Doc, p.Spec, p.Root.Fields[0].Doc = []string{b, a}, b, strings.Split(b, "\n")
		p.Root.Fields = append(p.Root.Fields,
			plan.Field{Go: "Int", Doc: []string{a}, Value: &plan.Lit{Pos: here, Kind: plan.Int, Int: n}},
			plan.Field{Go: "Wait", Value: &plan.Lit{Kind: plan.Duration, Int: max(n, plan.Forever)}},
			plan.Field{Go: "Size", Value: &plan.Lit{Kind: plan.Bytes, Int: max(n, 0)}},
			plan.Field{Go: "Func", Value: &plan.Struct{Component: true, Func: true, Type: plan.Type{Path: "example.com/acme/mask", Pkg: "mask", Name: "F"}}},
			plan.Field{Go: "Ratio", Value: &plan.Lit{Kind: plan.Float, Float: x}},
			plan.Field{Go: "Texts", Value: &plan.List{Elem: plan.Elem{Kind: plan.String}, Elems: []plan.Node{str(a), str(b)}}},
		)
		roundTrip(t, p)
		p.Root.Fields[0].Go = a // not always an identifier
		if src, err := emit.Go(p); err == nil && (!token.IsIdentifier(a) || !token.IsExported(a)) {
			t.Errorf("field %q got into\n%s", a, src)
		}
	})
}
