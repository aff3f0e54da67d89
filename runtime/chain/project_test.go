package chain_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/javatest"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/transform"
)

// whole and less are the same chain, the second with Project.
type pair struct{ whole, less *chain.Chain }

func openPair(t testing.TB, value connect.Converter, steps []chain.Step) (p pair, ok bool) {
	t.Helper()
	cfg := chain.Config{Steps: steps, Key: convert.String{}, Value: value, Header: convert.SimpleHeader{}}
	for _, c := range []**chain.Chain{&p.whole, &p.less} {
		var err error
		if *c, err = chain.Open(cfg); err != nil {
			return p, false
		}
	}
	p.less.Project()
	return p, true
}

// through is what becomes of a message.
func through(c *chain.Chain, message []byte) (out outcome, kept int) {
	var d chain.Doing
	v, err := c.Value.Decode("t", message)
	if err != nil {
		return outcome{text: "decode: " + err.Error()}, 0
	}
	kept = v.Value.Map().Len()
	if st := v.Value.Struct(); st != nil {
		kept = len(st.Slots)
	}
	r := connect.Record{Topic: "t", Value: v}
	keep, err := c.Transform(&r, &d)
	if err != nil {
		text, _, _ := strings.Cut(err.Error(), "; there ") // is, are: behind other steps only what was made
		return outcome{text: d.Where() + ": " + text}, kept
	}
	if !keep {
		return outcome{text: "dropped"}, kept
	}
	return outcome{fmt.Sprint(r.Topic, r.Headers, r.Key.Value, r.Value.Value), r}, kept
}

// outcome is an error, or what becomes of a record.
type outcome struct {
	text string
	connect.Record
}

func (o outcome) equal(w outcome) bool {
	return o.text == w.text && same(o.Key, w.Key) && same(o.Value, w.Value) && slices.EqualFunc(o.Headers, w.Headers, func(a, b connect.Header) bool {
		return a.Key == b.Key && same(a.Datum, b.Datum)
	})
}

func same(a, b connect.Datum) bool { return a.Schema.Equal(b.Schema) && a.Value.Equal(b.Value) }

// try compares what becomes of a message, and reports whether less was made of
// it.
func (p pair) try(t testing.TB, message string) bool {
	t.Helper()
	want, all := through(p.whole, []byte(message))
	got, some := through(p.less, []byte(message))
	if !got.equal(want) {
		t.Fatalf("%q: %s %v, want %s %v", message, got.text, got.Value.Schema, want.text, want.Value.Schema)
	}
	return some < all
}

// stepsOf are some first steps, as numbers and names choose.
func stepsOf(kind uint8, a, b string) []chain.Step {
	version := "V1"
	if kind&1 != 0 {
		version = "V2"
	}
	names := func(s string) (out []string) {
		if s != "" {
			out = strings.Split(s, ",")
		}
		return out
	}
	one := chain.Step{Do: transform.ReplaceField{On: "value", Include: names(a), Exclude: names(b), FieldSyntaxVersion: version}}
	switch kind >> 1 & 3 {
	case 1:
		one.Do = transform.ExtractField{On: "value", Field: a, FieldSyntaxVersion: version}
	case 2:
		one.Do = transform.ReplaceField{On: "value", Include: names(a), Renames: map[string]string{b: "a"}, FieldSyntaxVersion: version}
	case 3:
		one.Do = transform.ReplaceField{On: "value", Exclude: names(a), Renames: map[string]string{b: "c"}, FieldSyntaxVersion: version}
	}
	if kind&8 != 0 {
		one.When = predicate.TopicNameMatches{Pattern: "t"}
	}
	steps := []chain.Step{one}
	if kind&16 != 0 {
		steps = append(steps, chain.Step{Do: transform.InsertField{On: "value", StaticField: "a", StaticValue: "x"}})
	}
	if kind&128 != 0 {
		steps = append([]chain.Step{
			{Do: transform.MaskField{On: "value", Fields: []string{"a"}, Replacement: "5", FieldSyntaxVersion: version}},
			{Do: transform.InsertField{On: "value", StaticField: b, StaticValue: "y", FieldSyntaxVersion: version}, When: predicate.HasHeaderKey{Name: "h"}},
			{Do: transform.ValueToKey{Fields: []string{"c"}, FieldSyntaxVersion: version}, Unless: predicate.RecordIsTombstone{}},
		}[:1+kind>>6&1*2], steps...)
	}
	if kind&32 != 0 {
		steps = append([]chain.Step{
			{Do: transform.RegexRouter{Regex: "(.*)", Replacement: "x$1"}},
			{Do: transform.ExtractField{On: "key", Field: "a"}, When: predicate.HasHeaderKey{Name: "h"}},
		}[:1+kind>>6&1], steps...)
	}
	return steps
}

// FuzzProject: a chain that has less made says the same of all messages, known
// and new, good and bad.
func FuzzProject(f *testing.F) {
	for _, s := range []string{
		`{"a":1,"b":"x","c":{"a":[1,2.5,{"b":null}]}}`, `{"a":1e99999999999}`, `{"c":[{"d":1e-99999999999}],"a":1}`,
		`{"a":1,"a":2,"b":3,"b":{}}`, `{"a":{"b":1},"b":{"a":{"c":2}}}`, `[1]`, `"x"`, `null`, ``, `{}`, `{"a":1`, `{"b":tru,"a":1}`,
		`{"b":"\ud800","a":"\u0061"}`, `{"\u0061":5,"b":"ü"}`, "{\"b\":\"\xff\",\"a\":1}", `{"b":-0.0,"a":-0.0}`,
	} {
		for kind := range uint8(8) {
			f.Add(kind, "a,b", "c", s, `{"a":1,"b":2.5,"c":[{}]}`)
		}
		for kind := uint8(8); kind > 0; kind <<= 1 {
			f.Add(kind, "b", "a", s, `{"c":"x","b":{"c":{}}}`)
		}
		f.Add(uint8(192), "b", "a", s, `{"c":"x","b":{"c":{}}}`)
	}
	f.Fuzz(func(t *testing.T, kind uint8, a, b, first, second string) {
		for _, value := range []convert.JSON{{}, {Strict: true}, {SchemasEnable: true}} {
			p, ok := openPair(t, value, stepsOf(kind, a, b))
			if !ok {
				return
			}
			wrap := func(s string) string { return s }
			if value.SchemasEnable {
				wrap = func(s string) string { return `{"schema":null,"payload":` + s + `}` }
			}
			for range 9 { // more often than names are learned
				for _, s := range []string{first, second, second} {
					p.try(t, wrap(s))
				}
			}
		}
	})
}

// TestProjectRandom is the same with messages that are laid out alike, and not.
func TestProjectRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	less := 0
	for range 300 {
		names := []string{"a,b", "c", "a.b", "d,e", ""}
		steps := append(dice{random}.before(), stepsOf(uint8(random.Uint32()), names[random.IntN(5)], names[random.IntN(5)])...)
		p, ok := openPair(t, convert.JSON{}, steps)
		if !ok {
			continue
		}
		shape := random.Uint64()
		for i := range 60 {
			if i%20 == 19 || random.IntN(4) == 0 && shape&1 == 0 {
				shape = random.Uint64()
			}
			m := object(rand.New(rand.NewPCG(shape, 0)), random, 0)
			if random.IntN(10) == 0 {
				at := random.IntN(len(m))
				m = m[:at] + m[min(at+1+random.IntN(3), len(m)):]
			}
			if p.try(t, m) {
				less++
			}
		}
	}
	t.Logf("less was made of %d messages", less)
	if less < 3000 {
		t.Error("too few")
	}
}

// object is one whose names one source chooses and whose values the other.
func object(shape, random *rand.Rand, depth int) string {
	var b strings.Builder
	for range shape.IntN(7) {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(string(rune('a'+shape.IntN(6)))) + ":")
		if shape.IntN(8) == 0 {
			b.WriteByte(' ')
		}
		b.WriteString(member(shape, random, depth))
	}
	return "{" + b.String() + "}"
}

func member(shape, random *rand.Rand, depth int) string {
	kind := shape.IntN(10)
	switch {
	case depth < 3 && kind == 0:
		return object(shape, random, depth+1)
	case depth < 3 && kind == 1:
		return "[" + object(shape, random, depth+1) + "," + member(shape, random, depth+1) + "]"
	}
	if random.IntN(50) == 0 {
		return [...]string{"1e5", "1e3000000000", `"a\nb"`, strconv.Itoa(random.Int()), "-0.0"}[random.IntN(5)]
	}
	return [...]string{"1", "-7", "1.25", "null", "true", `"x"`, `"ü"`, strconv.FormatFloat(random.NormFloat64(), 'f', -1, 64)}[random.IntN(8)]
}

// TestProjectRecorded: the recorded records of the original, through each
// converter and the recorded steps.
func TestProjectRecorded(t *testing.T) {
	files, err := filepath.Glob("../transform/testdata/*.jsonl")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for name, value := range map[string]connect.Converter{"JSON": convert.JSON{}, "JSON with schema": convert.JSON{SchemasEnable: true}, "Avro": avroOffline} {
		t.Run(name, func(t *testing.T) {
			tried, less := 0, 0
			for _, file := range files {
				cases, err := vectortest.Read(file)
				if err != nil {
					t.Fatal(err)
				}
				a, b := tryRecorded(t, value, cases)
				tried, less = tried+a, less+b
			}
			t.Logf("less was made of %d of %d messages", less, tried)
			if less < 1000*tries()/30 {
				t.Error("too few")
			}
		})
	}
}

// tries is how often a recorded chain is tried.
func tries() int {
	if testing.Short() {
		return 9
	}
	return 30
}

func tryRecorded(t *testing.T, value connect.Converter, cases []vectortest.Case) (tried, less int) {
	messages := messagesOf(value, cases)
	for i := range cases {
		own, err := javatest.Table.Steps(&cases[i])
		if err != nil {
			continue
		}
		var steps []chain.Step
		for _, s := range own {
			steps = append(steps, chain.Step{Do: s.Do, When: s.When, Unless: s.Unless})
		}
		p, ok := openPair(t, value, steps)
		if !ok || len(messages) == 0 {
			continue
		}
		for k := range tries() {
			tried++
			if p.try(t, messages[(i+k/3)%len(messages)]) {
				less++
			}
		}
	}
	return tried, less
}

func messagesOf(value connect.Converter, cases []vectortest.Case) (out []string) {
	codec, _ := value.Open(connect.RoleValue)
	var buf connect.Buffer
	for i := range cases {
		r, err := cases[i].In()
		if err != nil {
			continue
		}
		if b, err := codec.Encode(&buf, "t", r.Value); err == nil && b != nil {
			out = append(out, string(b))
		}
	}
	return out
}

// TestProjectKey: of a key that the value's fields replace nothing is made.
func TestProjectKey(t *testing.T) {
	c, err := chain.Open(chain.Config{
		Steps: []chain.Step{{Do: transform.ValueToKey{Fields: []string{"id"}}}, {Do: transform.ReplaceField{On: "value", Exclude: []string{"id", "x"}}}},
		Key:   convert.JSON{}, Value: convert.JSON{}, Header: convert.SimpleHeader{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, r, ok := c.Projection(connect.RoleKey); !ok || r.Only == nil || len(r.Only) > 0 {
		t.Errorf("of the key %+v is read", r)
	}
	if _, r, ok := c.Projection(connect.RoleValue); !ok || !slices.Equal(r.Except, []string{"x"}) {
		t.Errorf("of the value %+v is read", r)
	}
	c.Project()
	const key, broken = `{"a":1,"b":{"c":2}}`, `{"a":1,"b":{"c":2]}`
	for range 2 { // the names are learned from the first
		if _, err := c.Key.Decode("t", []byte(broken)); err == nil {
			t.Error("a broken key is none to it")
		}
		if _, err := c.Key.Decode("t", []byte(key)); err != nil {
			t.Error(err)
		}
	}
	if d, err := c.Key.Decode("t", []byte(key)); err != nil || d.Value.Map().Len() > 0 {
		t.Errorf("%v is made of the key, %v", d.Value, err)
	}
}

// target is a sink that reads of values two fields, and else nothing.
type target struct{ connect.Sink }

func (target) Reads(role connect.Role) connect.Reading {
	if role == connect.RoleValue {
		return connect.Reading{Only: []string{"a", "b"}}
	}
	return connect.Reading{Only: []string{}}
}

// TestProjectSink: what neither the steps nor the sink read is not made.
func TestProjectSink(t *testing.T) {
	mask := chain.Step{Do: transform.MaskField{On: "value", Fields: []string{"c"}}}
	for name, c := range map[string]struct {
		steps              []chain.Step
		sink               connect.Sink
		key, value, header string
	}{
		"no step":        {nil, target{}, "[]", "[a b]", "[]"},
		"no sink":        {[]chain.Step{mask}, nil, "all", "all", "all"},
		"a step":         {[]chain.Step{mask}, target{}, "[]", "[a b c]", "[]"},
		"one reads all":  {[]chain.Step{mask, {Do: transform.HoistField{On: "value", Field: "x"}}}, target{}, "[]", "all", "[]"},
		"one reads keys": {[]chain.Step{{Do: transform.Flatten{On: "key", Delimiter: "."}}}, target{}, "all", "[a b]", "[]"},
		"one of headers": {[]chain.Step{{Do: withHeader{}}}, target{}, "all", "all", "all"},
		"names change":   {[]chain.Step{{Do: transform.SetSchemaMetadata{On: "value", SchemaName: "x"}}}, target{}, "[]", "[a b]", "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			opened, err := chain.Open(chain.Config{Steps: c.steps, Key: convert.JSON{}, Value: convert.JSON{}, Header: convert.SimpleHeader{}, Sink: c.sink})
			if err != nil {
				t.Fatal(err)
			}
			for role, want := range map[connect.Role]string{connect.RoleKey: c.key, connect.RoleValue: c.value, connect.RoleHeader: c.header} {
				_, r, ok := opened.Projection(role)
				got := fmt.Sprint(r.Only)
				if !ok {
					got = "all"
				}
				if got != want {
					t.Errorf("of %ss %s is read, want %s", role, got, want)
				}
			}
			opened.Project()
			d, err := opened.Header.Decode("t", []byte("17"))
			if read := !d.IsNull(); err != nil || read != (c.header == "all") {
				t.Errorf("the header is %v, %v", d, err)
			}
		})
	}
}

// withHeader is a step that looks at headers, and does not say so.
type withHeader struct{}

func (withHeader) Open() (connect.Apply, error) {
	return func(r *connect.Record) (bool, error) { return len(r.Headers) == 0, nil }, nil
}
