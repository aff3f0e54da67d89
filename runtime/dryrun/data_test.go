package dryrun

import (
	"encoding/json"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

var testSchema = connect.NewStruct().
	Field("id", connect.Int64Schema).
	Field("tiny", connect.OptionalInt8Schema).
	Field("half", connect.OptionalFloat32Schema).
	Field("whole", connect.OptionalFloat64Schema).
	Field("ok", connect.OptionalBoolSchema).
	Field("text", connect.OptionalStringSchema).
	Field("blob", connect.OptionalBytesSchema).
	Field("price", connect.NewDecimal(2).Optional().MustBuild()).
	Field("day", connect.OptionalDateSchema).
	Field("clock", connect.OptionalTimeSchema).
	Field("at", connect.OptionalTimestampSchema).
	Field("tags", connect.NewArray(connect.StringSchema).Optional().MustBuild()).
	Field("counts", connect.NewMap(connect.Int32Schema, connect.Int64Schema).Optional().MustBuild()).
	Field("in", connect.NewStruct().Field("n", connect.NewSchema(connect.KindInt32).Default(connect.Int32(7)).MustBuild()).Optional().MustBuild()).
	MustBuild()

// TestReadBySchema: data of a spec, by its schema, and as it is shown.
func TestReadBySchema(t *testing.T) {
	all := `{"id":5,"tiny":-128,"half":0.5,"whole":1,"ok":true,"text":"x","blob":{"$bytes":"AP8="},"price":"12.5","day":"2024-12-31",` +
		`"clock":"23:59:59.5","at":"2024-12-31T23:59:59.999Z","tags":["a"],"counts":{"1":2},"in":{}}`
	const want = `{id: 5, tiny: -128, half: 0.5, whole: 1.0, ok: true, text: "x", blob: '\x00\xff', price: "12.50", day: "2024-12-31", ` +
		`clock: "23:59:59.5", at: "2024-12-31T23:59:59.999Z", tags: ["a"], counts: {"1": 2}, in: {n: 7}}`
	d, err := datum("value", json.RawMessage(all), testSchema)
	if err != nil {
		t.Fatal(err)
	}
	if err := connect.Validate(d.Schema, d.Value); err != nil {
		t.Error(err)
	}
	if got := show(d.Value, d.Schema); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestReadFaults(t *testing.T) {
	for data, want := range map[string]string{
		`{}`:                                   "value.id: is missing, and the schema says int64",
		`{"id":null}`:                          "value.id: null, but the schema says int64",
		`{"id":"5"}`:                           `value.id: "5" is no int64`,
		`{"id":5.5}`:                           "value.id: 5.5 is no int64",
		`{"id":9223372036854775808}`:           "value.id: 9223372036854775808 is no int64",
		`{"id":1,"tiny":128}`:                  "value.tiny: 128 is no int8",
		`{"id":1,"half":1e39}`:                 "value.half: 1e39 is beyond a float32",
		`{"id":1,"naem":1}`:                    `value: the schema has no field "naem"; it has id, tiny`,
		`{"id":1,"blob":"x"}`:                  `value.blob: "x" is no bytes`,
		`{"id":1,"price":"1.234"}`:             "value.price: \"1.234\" has more than the schema's 2 decimals",
		`{"id":1,"price":"1e999999999"}`:       "is no decimal",
		`{"id":1,"price":true}`:                "value.price: true is no decimal",
		`{"id":1,"day":"2024-31-12"}`:          `value.day: "2024-31-12" is no Date such as "2024-12-31"`,
		`{"id":1,"at":"noon"}`:                 "is no Timestamp such as",
		`{"id":1,"tags":[null]}`:               "value.tags[0]: null, but the schema says string",
		`{"id":1,"tags":{}}`:                   "value.tags: {} is no array",
		`{"id":1,"counts":{"x":1}}`:            "value.counts.x: x is no int32",
		`{"id":1,"in":[]}`:                     "value.in: [] is no struct",
		`[]`:                                   "value: [] is no struct",
		`{`:                                    "value: is no JSON",
		`1 2`:                                  "value: is no JSON",
		`{"$bytes":"?"}`:                       "$bytes is no base64",
		strings.Repeat("[", maxDepth+2):        "nested more than",
		`{"id":1,"in":{"n":` + `"x"` + `}}`:    `value.in.n: "x" is no int32`,
		`{"id":1,"counts":{"1":99e99}}`:        "value.counts.1: 99e99 is no int64",
		`{"id":1,"day":99999999999}`:           "is no Date",
		`{"id":1,"whole":"Infinitely"}`:        `value.whole: "Infinitely" is no float64`,
		`{"id":1,"text":{"$bytes":"AA=="}}`:    `value.text: '\x00' is no string`,
		`{"id":1,"ok":1}`:                      "value.ok: 1 is no boolean",
		`{"id":1,"in":{"n":1},"whole":1e9999}`: "is beyond a float64",
	} {
		_, err := datum("value", json.RawMessage(data), testSchema)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: error %v, want one of %q", data, err, want)
		}
	}
}

func TestReadWithoutSchema(t *testing.T) {
	d, err := datum("value", json.RawMessage(`{"b":[1,2.0,true,null,"x",{"$bytes":"AA=="}],"a":{}}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := show(d.Value, nil), `{b: [1, 2.0, true, null, "x", '\x00'], a: {}}`; got != want || d.Schema != nil {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := datum("value", json.RawMessage(`[9223372036854775808]`), nil); err == nil || err.Error() != "value[0]: 9223372036854775808 is beyond an int64" {
		t.Errorf("error %v", err)
	}
}

// TestCompare: what a spec wants, what there is, and what is said of it.
func TestCompare(t *testing.T) {
	full, err := datum("value", json.RawMessage(`{"id":5,"half":0.1,"price":12.50,"day":"2024-12-31","tags":["a","b"],"counts":{"1":2}}`), testSchema)
	if err != nil {
		t.Fatal(err)
	}
	free, err := datum("value", json.RawMessage(`{"n":5,"f":1.5,"b":{"$bytes":"AA=="},"l":[1]}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		got  connect.Datum
		want string
		diff string
	}{
		{full, `{"id":5,"half":0.1,"price":"12.5","day":"2024-12-31","tags":["a","b"],"counts":{"1":2}}`, ""},
		{full, `{"id":5.0,"half":0.1,"price":12.500,"day":20088,"tags":["a","b"],"counts":{"1":2},"text":null}`, ""},
		{full, `{"id":6,"half":0.2,"price":1,"day":"2024-12-30","tags":["a"],"counts":{"2":2},"text":"x","nope":1}`,
			`value.id: got 5, want 6|value.half: got 0.1, want 0.2|value.price: got "12.50", want 1|value.day: got "2024-12-31", want "2024-12-30"|` +
				`value.tags[1]: got "b", want nothing|value.counts.2: got nothing, want 2|value.counts.1: got 2, want nothing|` +
				`value.text: got null, want "x"|value.nope: got nothing, want 1`},
		{free, `{"n":5.0,"f":1.5,"b":{"$bytes":"AA=="},"l":[1]}`, ""},
		{free, `{"n":"5","f":1,"b":"\u0000","l":[1,2]}`, `value.n: got 5, want "5"|value.f: got 1.5, want 1|value.b: got '\x00', want "\x00"|value.l[1]: got nothing, want 2`},
		{free, `null`, `value: got {n: 5, f: 1.5, b: '\x00', l: [1]}, want null`},
		{connect.Datum{}, `null`, ""},
		{connect.Datum{Value: connect.String("5")}, `5`, `value: got "5", want 5`},
		{connect.Datum{Value: connect.Float64(1e300)}, `10e299`, ""},
	} {
		x, err := parseData(json.RawMessage(test.want))
		if err != nil {
			t.Fatal(err)
		}
		d := &diff{}
		d.value("value", x, test.got.Value, test.got.Schema)
		if got := strings.Join(d.lines, "|"); got != test.diff {
			t.Errorf("%s:\n got %s\nwant %s", test.want, got, test.diff)
		}
	}
}

// FuzzData: whatever the data, reading, showing and comparing neither panic nor
// disagree.
func FuzzData(f *testing.F) {
	for _, s := range []string{`{"id":5,"price":"1.5","at":0}`, `[1,"x",null]`, `{"$bytes":"AA=="}`, `{"id":1,"counts":{"1":2},"in":{}}`, `1e400`, `"\ud800"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		x, err := parseData(raw)
		if err != nil {
			return
		}
		showData(x)
		for _, s := range []*connect.Schema{nil, testSchema} {
			d, err := reader{"value"}.datum(x, s)
			if err != nil {
				continue
			}
			if s != nil && !d.IsNull() {
				if err := connect.Validate(s, d.Value); err != nil {
					t.Errorf("%q: %v", raw, err)
				}
			}
			diff := &diff{}
			diff.value("value", x, d.Value, d.Schema)
			if len(diff.lines) > 0 && s == nil && !twiceNamed(x) {
				t.Errorf("%q differs from itself: %q", raw, diff.lines)
			}
		}
	})
}

// twiceNamed says whether an object has two members of one name.
func twiceNamed(x any) bool {
	switch x := x.(type) {
	case []any:
		for _, e := range x {
			if twiceNamed(e) {
				return true
			}
		}
	case object:
		seen := map[string]bool{}
		for _, m := range x {
			if seen[m.name] || twiceNamed(m.value) {
				return true
			}
			seen[m.name] = true
		}
	}
	return false
}
