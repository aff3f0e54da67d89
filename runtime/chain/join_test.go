package chain

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/internal/reshape"
	"kcgen.dev/runtime/javatest"
	"kcgen.dev/runtime/transform"
)

// TestJoined: the steps of recorded cases, each with others of them in chance
// order behind and before, do the same with the recorded records whether they
// are joined or not.
func TestJoined(t *testing.T) {
	cases, steps := recorded(t)
	random := rand.New(rand.NewPCG(1, 2))
	var b both
	for i := range cases {
		own, err := javatest.Table.Steps(&cases[i])
		if err != nil {
			continue // a configuration that is refused
		}
		for n := range 4 {
			var list []connect.Transform
			for range n {
				list = append(list, steps[random.IntN(len(steps))])
			}
			for _, s := range own {
				list = append(list, s.Do)
			}
			list = append(list, steps[random.IntN(len(steps))])
			b.open(list)
			for range 2 {
				r, err := cases[i].In()
				if err != nil {
					break
				}
				b.try(t, *r)
				b.tryNulls(t, *r)
			}
		}
	}
	t.Logf("%d records, %d of them through steps that were joined", b.records, b.joined)
	if b.joined < 2000 {
		t.Error("too few were")
	}
}

// recorded are the cases and those of their steps that can be joined.
func recorded(t *testing.T) (cases []vectortest.Case, steps []connect.Transform) {
	files, err := filepath.Glob("../transform/testdata/*.jsonl")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		more, err := vectortest.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range more {
			if c.Op != "transform" {
				continue
			}
			cases = append(cases, c)
			own, _ := javatest.Table.Steps(&c)
			for _, s := range own {
				if _, ok := s.Do.(reshape.Transform); ok {
					steps = append(steps, s.Do)
				}
			}
		}
	}
	return cases, steps
}

// both is one chain twice: joined, and for one step after the other.
type both struct {
	chain, plain    *Chain
	sets            map[string]*connect.KeySet
	records, joined int
}

// open opens the chain; one that cannot be opened is none.
func (b *both) open(list []connect.Transform) {
	cfg := Config{Key: convert.String{}, Value: convert.JSON{}, Header: convert.SimpleHeader{}}
	for _, do := range list {
		cfg.Steps = append(cfg.Steps, Step{Do: do})
	}
	b.sets, b.plain = map[string]*connect.KeySet{}, nil
	var err error
	if b.chain, err = Open(cfg); err != nil {
		return
	}
	b.plain, _ = Open(cfg)
	for i := range b.plain.Steps {
		b.plain.Steps[i].joined = nil
		if s := &b.chain.Steps[i]; s.joined != nil {
			join := s.joined
			s.joined = func(r *connect.Record) bool {
				ok := join(r)
				if ok {
					b.joined++
				}
				return ok
			}
		}
	}
}

// try takes a record through both.
func (b *both) try(t *testing.T, r connect.Record) {
	if b.plain == nil {
		return
	}
	b.records++
	r.Key.Value, r.Value.Value = b.share(r.Key.Value), b.share(r.Value.Value)
	one, two := r, r
	got, want := outcome(b.chain, &one), outcome(b.plain, &two)
	if got != want || !one.Key.Equal(two.Key) || !one.Value.Equal(two.Value) {
		t.Errorf("of %v\nthrough %v\njoined  %s\none by one %s", r, b.chain.cfg.Steps, got, want)
	}
}

// tryNulls does it with structs that have a null more, where that is an error too.
func (b *both) tryNulls(t *testing.T, r connect.Record) {
	st := r.Value.Value.Struct()
	if st == nil {
		return
	}
	for i := range st.Slots {
		slots := slices.Clone(st.Slots)
		slots[i] = connect.Null
		r.Value.Value = (&connect.Struct{Schema: st.Schema, Slots: slots}).Value()
		b.try(t, r)
	}
}

func outcome(c *Chain, r *connect.Record) string {
	var d Doing
	keep, err := c.Transform(r, &d)
	if err != nil {
		return fmt.Sprint(d.Step.Name, err, c.Component(d))
	}
	return fmt.Sprint(keep, r)
}

// share gives maps with the same keys one set of keys, as a converter does.
func (b *both) share(v connect.Value) connect.Value {
	m := v.Map()
	if m == nil {
		return v
	}
	name := fmt.Sprint(m.Keys)
	if b.sets[name] == nil {
		b.sets[name] = connect.NewKeySet(m.Keys)
	}
	out := &connect.Map{Keys: b.sets[name].Keys(), Shared: b.sets[name]}
	for _, e := range m.Vals {
		out.Vals = append(out.Vals, b.share(e))
	}
	return out.Value()
}

// fuzzSteps are the steps of which FuzzJoined makes chains.
var fuzzSteps = []connect.Transform{
	transform.ReplaceField{On: "value", Exclude: []string{"b"}, Renames: map[string]string{"a": "c"}, ReplaceNullWithDefault: true},
	transform.ReplaceField{On: "value", Include: []string{"a", "c", "n.x"}, FieldSyntaxVersion: "V2"},
	transform.ReplaceField{On: "value", Renames: map[string]string{"c": "a", "a": "b"}},
	transform.MaskField{On: "value", Fields: []string{"a"}},
	transform.MaskField{On: "value", Fields: []string{"c", "n.x"}, FieldSyntaxVersion: "V2", Replacement: "17", ReplaceNullWithDefault: true},
	transform.InsertField{On: "value", StaticField: "a", StaticValue: "eu"},
	transform.InsertField{On: "value", StaticField: "s", StaticValue: "eu", TopicField: "c!", PartitionField: "p", ReplaceNullWithDefault: true},
	transform.InsertField{On: "value", TimestampField: "t", OffsetField: "o"},
	transform.InsertField{On: "value", StaticField: "n.s", StaticValue: "x", FieldSyntaxVersion: "V2"},
	transform.Cast{On: "value", Spec: []string{"a:string"}},
	transform.Cast{On: "value", Spec: []string{"a:int8", "c:boolean"}, ReplaceNullWithDefault: true},
	transform.HoistField{On: "value", Field: "a"},
	transform.HoistField{On: "value", Field: "c", Hoisted: "n", FieldSyntaxVersion: "V2"},
	transform.TimestampConverter{On: "value", Field: "a", TargetType: "unix"},
	transform.InsertField{On: "key", StaticField: "a", StaticValue: "eu"},
	transform.ExtractField{On: "value", Field: "a"},
}

// FuzzJoined: chains of chance do the same with records of chance, whether
// their steps are joined or not.
func FuzzJoined(f *testing.F) {
	const schema = `{"type":"struct","fields":[{"field":"a","type":"int32"},{"field":"b","type":"string","optional":true,"default":"d"},` +
		`{"field":"c","type":"string","optional":true},{"field":"n","type":"struct","optional":true,"fields":[{"field":"x","type":"int8","default":3}]}]}`
	f.Add([]byte{0, 3, 6}, `{"schema":null,"payload":{"a":1,"b":"x","c":null,"n":{"x":1}}}`, int64(7))
	f.Add([]byte{9, 2, 4, 5}, `{"schema":`+schema+`,"payload":{"a":1,"b":null,"c":"x","n":{"x":null}}}`, int64(-1))
	f.Add([]byte{11, 6, 3}, `{"schema":{"type":"int32"},"payload":1}`, int64(0))
	f.Add([]byte{1, 10, 12, 8}, `{"schema":`+schema+`,"payload":{"a":1000,"b":"b","c":"true","n":null}}`, int64(1))
	f.Fuzz(func(t *testing.T, chain []byte, value string, n int64) {
		var list []connect.Transform
		for _, i := range chain[:min(len(chain), 8)] {
			list = append(list, fuzzSteps[int(i)%len(fuzzSteps)])
		}
		codec, err := convert.JSON{SchemasEnable: true}.Open(connect.RoleValue)
		if err != nil {
			t.Fatal(err)
		}
		var b both
		b.open(list)
		for range 2 {
			d, err := codec.Decode("t", []byte(value))
			if err != nil {
				return
			}
			b.try(t, connect.Record{Topic: "t", Key: d, Value: d, Timestamp: n, Offset: n, Partition: int32(n)})
		}
	})
}

// TestJoinedAllocations: what three steps take is handed out from slabs, be it
// wide or not.
func TestJoinedAllocations(t *testing.T) {
	for _, width := range []int{0, 60, 70, 100, 300} {
		for _, withSchema := range []bool{false, true} {
			var b both
			insert := transform.InsertField{On: "value", StaticField: "s", StaticValue: "eu", TopicField: "t", ReplaceNullWithDefault: true}
			b.open([]connect.Transform{fuzzSteps[0], insert, transform.MaskField{On: "value", Fields: []string{"c"}}})
			d, decode := wide(t, width, withSchema)
			r := &connect.Record{}
			if got := testing.AllocsPerRun(2000, func() {
				*r = connect.Record{Topic: "t", Value: d}
				if keep, err := b.chain.Transform(r, &Doing{}); !keep || err != nil {
					t.Fatal(keep, err)
				}
			}); got > 0 || b.joined < 2000 {
				t.Errorf("%d fields more, schema %v: %v allocations, joined %d times", width, withSchema, got, b.joined)
			}
			if got := testing.AllocsPerRun(2000, decode); got > 0 {
				t.Errorf("%d fields more, schema %v: %v allocations to decode", width, withSchema, got)
			}
		}
	}
}

// wide is data with so many fields that no step names, and what reads them.
func wide(t *testing.T, n int, withSchema bool) (d connect.Datum, decode func()) {
	fields, payload := `{"field":"a","type":"int32"},{"field":"b","type":"int32"},{"field":"d","type":"string"}`, `"a":1,"b":2,"d":"x"`
	for i := range n {
		fields += fmt.Sprintf(`,{"field":"w%d","type":"int32"}`, i)
		payload += fmt.Sprintf(`,"w%d":%d`, i, i)
	}
	value, text := convert.JSON{}, "{"+payload+"}"
	if withSchema {
		value.SchemasEnable, text = true, `{"schema":{"type":"struct","fields":[`+fields+`]},"payload":{`+payload+`}}`
	}
	codec, err := value.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	message := []byte(text)
	decode = func() {
		if d, err = codec.Decode("t", message); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 { // the keys are shared from the second time on
		decode()
	}
	return d, decode
}
