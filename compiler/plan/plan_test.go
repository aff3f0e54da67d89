package plan_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"kcgen.dev/compiler/plan"
)

func sample() *plan.Pipeline {
	at := plan.Pos{File: "a.cue", Line: 3, Column: 7}
	return &plan.Pipeline{
		Name: "x", Spec: "a.cue", Doc: []string{"What it is.", ""}, Modules: []string{"example.com/m"}, GoModDir: "/home/x",
		Root: &plan.Struct{Pos: at, Type: plan.Type{Path: "kcgen.dev/runtime", Pkg: "runtime", Name: "Pipeline"}, Fields: []plan.Field{
			{Pos: at, Doc: []string{"A name."}, Name: "name", Go: "Name", Value: &plan.Lit{Pos: at, Kind: plan.String, Str: "x\xff\x00"}},
			{Name: "n", Go: "N", Value: &plan.Lit{Kind: plan.Int, Int: -1}},
			{Name: "f", Go: "F", Value: &plan.Lit{Kind: plan.Float, Float: 0.5}},
			{Name: "b", Go: "B", Value: &plan.Lit{Kind: plan.Bool, Bool: true}},
			{Name: "d", Go: "D", Value: &plan.Lit{Kind: plan.Duration, Int: 90e9}},
			{Name: "e", Go: "E", Value: &plan.Lit{Kind: plan.Duration, Int: plan.Forever}},
			{Name: "s", Go: "S", Value: &plan.Lit{Kind: plan.Bytes, Int: 1 << 20}},
			{Name: "p", Go: "P", Value: &plan.Lit{Kind: plan.Secret, Str: "${env:P}"}},
			{Name: "m", Go: "M", Value: &plan.Map{Elem: plan.Elem{Kind: plan.String}, Keys: []string{"k"}, Vals: []plan.Node{&plan.Lit{Kind: plan.String, Str: "v"}}}},
			{Name: "l", Go: "L", Value: &plan.List{Named: true, Elem: plan.Elem{Type: plan.Type{Path: "p/q", Pkg: "q", Name: "T"}}, Elems: []plan.Node{
				&plan.Struct{Doc: []string{"An element."}, Pointer: true, Component: true, Type: plan.Type{Path: "p/q", Pkg: "q", Name: "T"}, Fields: []plan.Field{
					{Go: "Name", Value: &plan.Lit{Kind: plan.String, Str: "key"}},
				}},
			}}},
			{Name: "t", Go: "T", Value: &plan.List{Elem: plan.Elem{Kind: plan.String}, Elems: []plan.Node{&plan.Lit{Doc: []string{"A topic."}, Kind: plan.String, Str: "t"}}}},
		}},
	}
}

func TestWire(t *testing.T) {
	var b bytes.Buffer
	if err := plan.Encode(&b, sample()); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	got, err := plan.Decode(bytes.NewReader(whole))
	if err != nil || !reflect.DeepEqual(got, sample()) {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, sample())
	}
	if _, err := plan.Decode(bytes.NewReader(whole[:len(whole)/2])); err == nil {
		t.Error("half a plan was decoded")
	}
}

func TestString(t *testing.T) {
	want := strings.TrimPrefix(`
pipeline "x" from "a.cue"
needs example.com/m
# "What it is."
# ""
kcgen.dev/runtime.Pipeline @3:7
	# "A name."
	Name: "x\xff\x00" @3:7
	N: -1
	F: 0.5
	B: true
	D: 1m30s
	E: forever
	S: 1048576B
	P: secret "${env:P}"
	M: map[string]string
		"k": "v"
	L: []p/q.T
		# "An element."
		&p/q.T
			Name: "key"
	T: []string
		# "A topic."
		"t"
`, "\n")
	if got := sample().String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFind(t *testing.T) {
	root := sample().Root
	if root.Text("name") != "x\xff\x00" || root.Lit("n").Int != -1 || len(root.Structs("l")) != 1 || root.Structs("l")[0].Key() != "key" {
		t.Error("not found")
	}
	var none *plan.Struct
	if none.Get("x") != nil || none.Struct("x") != nil || none.List("x") != nil || none.Text("x") != "" || none.Key() != "" || none.Lit("x") != nil {
		t.Error("found in nothing")
	}
	if root.Struct("name") != nil || root.Lit("l") != nil || root.List("name") != nil || root.Key() != "x\xff\x00" {
		t.Error("another kind of value was found")
	}
	nodes := 0
	plan.Walk(root, func(plan.Node) bool { nodes++; return true })
	if nodes != 16 {
		t.Errorf("%d nodes", nodes)
	}
}

// TestAt: a path leads to the innermost place that the user wrote.
func TestAt(t *testing.T) {
	pos := func(line int) plan.Pos { return plan.Pos{File: "a.cue", Line: line, Column: 1} }
	do := &plan.Struct{Pos: pos(4), Fields: []plan.Field{
		{Pos: pos(5), Name: "field", Value: &plan.Lit{Kind: plan.String}},
		{Name: "on", Value: &plan.Lit{Kind: plan.String}},
	}}
	step := &plan.Struct{Pos: pos(3), Fields: []plan.Field{{Pos: pos(4), Name: "do", Value: do}}}
	s := &plan.Struct{
		Pos:    pos(1),
		Fields: []plan.Field{{Pos: pos(2), Name: "transforms", Value: &plan.List{Elems: []plan.Node{step}}}},
		Aside:  []plan.Field{{Pos: pos(9), Name: "schema", Value: &plan.Struct{}}},
	}
	for path, line := range map[string]int{
		"": 1, "nothing": 1, "transforms": 2, "transforms[0]": 3, "transforms[0].do": 4, "transforms[0].do.field": 5,
		"transforms[0].do.on": 4, "transforms[0].do.fields[2]": 4, "transforms[1].do": 2, "transforms[x]": 2, "transforms.do": 2,
		"schema": 9, "schema.value": 9, "[": 1, "]": 1, "transforms[0].do.field.x": 5,
	} {
		if got := s.At(path); got != pos(line) {
			t.Errorf("%q: line %d, want %d", path, got.Line, line)
		}
	}
	if got := (*plan.Struct)(nil).At("x"); got.IsValid() {
		t.Errorf("nowhere is %v", got)
	}
}
