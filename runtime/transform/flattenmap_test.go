package transform_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/transform"
)

// TestFlattenShapes: maps that share their keys, and what is in which, come out
// as maps do that share nothing; in any order of shapes.
func TestFlattenShapes(t *testing.T) {
	texts := []string{
		`{"id":1,"who":{"name":"Ada","at":{"x":1,"y":2}},"tags":["a"]}`,
		`{"id":2,"who":{"name":"Bob","at":null},"tags":[]}`,
		`{"id":3,"who":null,"tags":null}`,
		`{"id":4,"who":{"name":"Eve","at":{}},"tags":7}`,
		`{"id":5,"who":{},"tags":{"a":{"b":{"c":"deep"}}}}`,
		`{"who.name":1,"who":{"name":2}}`, // two of one name: the last one counts
		`{"who":{"name":2},"who.name":1}`,
		`{}`, `{"a":{}}`, `{"a":{"b":1,"c":2},"b":{"a":1}}`,
	}
	sets := map[string]*connect.KeySet{}
	shared, own := openAll(t, transform.Flatten{On: "value", Delimiter: "."})[0], openAll(t, transform.Flatten{On: "value", Delimiter: "."})[0]
	random := rand.New(rand.NewPCG(5, 6))
	known := 0
	for range 300 {
		text := texts[random.IntN(len(texts))]
		d := ofJSON(t, text)
		got, want := &connect.Record{Value: connect.Datum{Value: sharing(sets, d.Value)}}, &connect.Record{Value: d}
		apply(t, []connect.Apply{shared}, got)
		apply(t, []connect.Apply{own}, want)
		if !got.Value.Equal(want.Value) || shape(got.Value) != shape(want.Value) {
			t.Fatalf("of %s\n%s, want\n%s", text, shape(got.Value), shape(want.Value))
		}
		if got.Value.Value.Map().Shared != nil {
			known++
		}
	}
	if known < 150 {
		t.Errorf("%d times by the shape", known)
	}
}

// TestFlattenShapeErrors: what cannot be flattened is refused in a shape that
// was seen before, too.
func TestFlattenShapeErrors(t *testing.T) {
	flatten := openAll(t, transform.Flatten{On: "value", Delimiter: "."})[0]
	keys := connect.NewKeySet([]connect.Value{connect.String("a")})
	of := func(v connect.Value) *connect.Record {
		m := &connect.Map{Keys: keys.Keys(), Vals: []connect.Value{v}, Shared: keys}
		return &connect.Record{Value: connect.Datum{Value: m.Value()}}
	}
	for range 2 {
		if _, err := flatten(of(connect.Int64(1))); err != nil {
			t.Fatal(err)
		}
		if _, err := flatten(of(connect.InstantMilli(1))); err == nil || !strings.Contains(err.Error(), `field "a"`) {
			t.Errorf("an instant: error %v", err)
		}
	}
}

// TestFlattenAllocations: structs, and maps whose shape is known, come from
// slabs, however many fields they have.
func TestFlattenAllocations(t *testing.T) {
	for _, n := range []int{3, 20, 60, 200} {
		for _, d := range []connect.Datum{nestedFields(t, n, false), nestedFields(t, n, true)} {
			flatten := openAll(t, transform.Flatten{On: "value", Delimiter: "."})[0]
			r := &connect.Record{}
			if got := testing.AllocsPerRun(2000, func() {
				r.Value = d
				if _, err := flatten(r); err != nil {
					t.Fatal(err)
				}
			}); got > 0 {
				t.Errorf("%d fields of %v: %v allocations", n, d.Value.Kind(), got)
			}
		}
	}
}

// nestedFields is a map or a struct of n fields, most of them a level below.
func nestedFields(t testing.TB, n int, withSchema bool) connect.Datum {
	t.Helper()
	var fields, members []string
	for i := range n - 1 {
		fields = append(fields, fmt.Sprintf(`{"field":"f%d","type":"int64"}`, i))
		members = append(members, fmt.Sprintf(`"f%d":%d`, i, i))
	}
	text := `{"id":1,"in":{` + strings.Join(members, ",") + `}}`
	if withSchema {
		return ofJSON(t, `{"schema":{"type":"struct","fields":[{"field":"id","type":"int64"},{"field":"in","type":"struct","fields":[`+strings.Join(fields, ",")+`]}]},"payload":`+text+`}`)
	}
	codec := mustOpen(t, convert.JSON{})
	var d connect.Datum
	var err error
	for range 3 { // the names are learned from the first
		if d, err = codec.Decode("t", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func mustOpen(t testing.TB, c connect.Converter) connect.Codec {
	t.Helper()
	codec, err := c.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

// sharing is the same where maps of the same keys share them.
func sharing(sets map[string]*connect.KeySet, v connect.Value) connect.Value {
	m := v.Map()
	if m == nil {
		return v
	}
	name := fmt.Sprint(m.Keys)
	if sets[name] == nil {
		sets[name] = connect.NewKeySet(m.Keys)
	}
	out := &connect.Map{Keys: sets[name].Keys(), Shared: sets[name]}
	for _, e := range m.Vals {
		out.Vals = append(out.Vals, sharing(sets, e))
	}
	return out.Value()
}
