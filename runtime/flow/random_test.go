package flow_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/flow"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/transform"
)

// dice makes schemas, data and chains of a seed.
type dice struct{ *rand.Rand }

func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

func (d dice) name() string { return pick(d, "a", "b", "c", "d", "e") }

func (d dice) names() (out []string) {
	for range 1 + d.IntN(2) {
		out = append(out, d.name())
	}
	return out
}

var plainKinds = []connect.Kind{
	connect.KindBool, connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64, connect.KindFloat32,
	connect.KindFloat64, connect.KindString, connect.KindBytes,
}

// schema is a schema of any type, a struct's as often as all others.
func (d dice) schema(depth int) *connect.Schema {
	var b *connect.SchemaBuilder
	switch n := d.IntN(20); {
	case n < 7 && depth > 0 || n < 14 && depth == 3:
		b = connect.NewStruct()
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			if d.chance(60) {
				b.Field(name, d.schema(depth-1))
			}
		}
	case n == 14 && depth > 0:
		b = connect.NewArray(d.schema(depth - 1))
	case n == 15 && depth > 0:
		b = connect.NewMap(connect.StringSchema, d.schema(depth-1))
	case n == 16:
		b = pick(d, connect.NewDecimal(2), connect.NewDate(), connect.NewTime(), connect.NewTimestamp())
	default:
		b = connect.NewSchema(plainKinds[d.IntN(len(plainKinds))])
	}
	if d.chance(35) {
		b.Optional()
	}
	s := b.MustBuild()
	if s.Kind() != connect.KindStruct && d.chance(15) {
		s = b.Default(d.value(s, 0)).MustBuild()
	}
	return s
}

// value is a value of the schema that any transform can work on that works on
// its type; nulls is how many in a hundred are null, where that is allowed.
func (d dice) value(s *connect.Schema, nulls int) connect.Value {
	_, def := s.Default()
	if d.chance(nulls) && (s.IsOptional() || def) {
		return connect.Null
	}
	switch s.ValueKind() {
	case connect.KindBool:
		return connect.Bool(false)
	case connect.KindInt8:
		return connect.Int8(1)
	case connect.KindInt16:
		return connect.Int16(1)
	case connect.KindInt32:
		return connect.Int32(1)
	case connect.KindInt64:
		return connect.Int64(1)
	case connect.KindFloat32:
		return connect.Float32(1)
	case connect.KindFloat64:
		return connect.Float64(1)
	case connect.KindString:
		return connect.String("1")
	case connect.KindBytes:
		return connect.Bytes([]byte("x"))
	case connect.KindDecimal:
		v, _ := connect.DecimalOf([]byte{1}, 2)
		return v.Value()
	case connect.KindInstant:
		return connect.InstantMilli(0)
	case connect.KindArray:
		return (&connect.Array{Elems: []connect.Value{d.value(s.Elem(), nulls)}}).Value()
	case connect.KindMap:
		return connect.MapOf(connect.Entry{Key: connect.String("k"), Value: d.value(s.Elem(), nulls)}).Value()
	}
	st := &connect.Struct{Schema: s}
	for _, f := range s.Fields() {
		st.Slots = append(st.Slots, d.value(f.Schema, nulls))
	}
	return st.Value()
}

// form is what may be declared of data.
func (d dice) form() connect.Form {
	f := connect.Form{Known: true, Nulls: pick(d, connect.NullsNever, connect.NullsNever, connect.NullsMaybe, connect.NullsUnknown)}
	switch n := d.IntN(10); {
	case n == 0:
		f.Known = false
	case n > 1:
		f.Schema = d.schema(3)
		f.Typed = f.Schema.IsOptional() && f.Nulls != connect.NullsNever && d.chance(50)
	}
	return f
}

// datum is a datum of the form: one that is null, or one where nulls of its
// parts are null.
func (d dice) datum(f connect.Form, null bool, nulls int) connect.Datum {
	s := f.Schema
	if !f.Known && d.chance(50) {
		s = d.schema(3)
	}
	switch {
	case null && !f.Typed:
		if f.Known && f.Schema == nil {
			return connect.Datum{}
		}
		return connect.Datum{Schema: pick(d, nil, connect.OptionalStringSchema)}
	case null:
		return connect.Datum{Schema: s}
	case s == nil:
		m := &connect.Map{}
		for _, name := range []string{"a", "b", "c"} {
			m.Put(connect.String(name), connect.String("1"))
		}
		return connect.Datum{Value: pick(d, m.Value(), m.Value(), connect.Int64(1))}
	}
	v := d.value(s, nulls)
	if v.IsNull() {
		v = d.value(s, 0)
	}
	return connect.Datum{Schema: s, Value: v}
}

var castTo = []string{"int8", "int16", "int32", "int64", "float32", "float64", "boolean", "string"}

func (d dice) transform() connect.Transform {
	on, fill := pick(d, "value", "value", "key"), d.chance(50)
	version, path := "V1", d.name()
	if d.chance(40) {
		version, path = "V2", pick(d, d.name(), d.name()+"."+d.name())
	}
	switch d.IntN(17) {
	case 0, 1:
		spec := []string{path + ":" + pick(d, castTo...), d.name() + ":" + pick(d, castTo...)}
		if d.chance(30) {
			spec = []string{pick(d, castTo...)}
		}
		return transform.Cast{On: on, Spec: spec, FieldSyntaxVersion: version, ReplaceNullWithDefault: fill}
	case 2, 3:
		return transform.ExtractField{On: on, Field: path, FieldSyntaxVersion: version, ReplaceNullWithDefault: fill}
	case 4:
		return transform.Flatten{On: on, Delimiter: pick(d, "_", ".")}
	case 5, 6:
		names := d.names()
		return transform.HeaderFrom{On: on, Fields: names, Headers: names, Operation: pick(d, "move", "copy"), ReplaceNullWithDefault: fill}
	case 7:
		return transform.HoistField{On: on, Field: d.name()}
	case 8:
		return transform.InsertField{On: on, TopicField: d.name(), OffsetField: pick(d, "", "", "", "o!"), TimestampField: "t", ReplaceNullWithDefault: fill}
	case 9:
		return transform.MaskField{On: on, Fields: []string{path}, Replacement: pick(d, "", "1", "x"), FieldSyntaxVersion: version, ReplaceNullWithDefault: fill}
	case 10:
		return transform.RegexRouter{Regex: "t(.*)", Replacement: "u$1"}
	case 11, 12:
		r := transform.ReplaceField{On: on, FieldSyntaxVersion: version, ReplaceNullWithDefault: fill}
		if d.chance(50) {
			r.Exclude = []string{path}
		}
		if d.chance(30) {
			r.Include = append(d.names(), path)
		}
		if d.chance(30) {
			r.Renames = map[string]string{path: d.name()}
		}
		return r
	case 13:
		return transform.SetSchemaMetadata{On: on, SchemaName: "n", SchemaVersion: 1, ReplaceNullWithDefault: fill}
	case 14:
		return transform.TimestampConverter{
			On: on, Field: pick(d, "", path), FieldSyntaxVersion: version, TargetType: pick(d, "unix", "Date", "Time", "Timestamp"),
			Format: pick(d, "", "S"), ReplaceNullWithDefault: fill,
		}
	case 15:
		return transform.ValueToKey{Fields: []string{path}, FieldSyntaxVersion: version, ReplaceNullWithDefault: fill}
	}
	return pick[connect.Transform](d, transform.Filter{}, transform.TimestampRouter{TopicFormat: pick(d, "x", "${topic}-${timestamp}"), TimestampFormat: "yyyy"},
		transform.InsertHeader{Header: "h", ValueLiteral: "1"}, transform.DropHeaders{Headers: []string{"h"}})
}

func (d dice) predicate() connect.Predicate {
	return pick[connect.Predicate](d, predicate.RecordIsTombstone{}, predicate.RecordIsTombstone{},
		predicate.TopicNameMatches{Pattern: "t|x"}, predicate.HasHeaderKey{Name: "h"})
}

func (d dice) steps(n int) (out []flow.Step) {
	for range n {
		s := flow.Step{Do: d.transform()}
		switch d.IntN(6) {
		case 0:
			s.When = d.predicate()
		case 1:
			s.Unless = d.predicate()
		}
		out = append(out, s)
	}
	return out
}

// run takes a record through the steps; at is the step that fails.
func run(t *testing.T, steps []flow.Step, r *connect.Record) (keep bool, at int, acted bool, err error) {
	t.Helper()
	for i, s := range steps {
		apply, err := s.Do.Open()
		if err != nil {
			t.Fatal(err)
		}
		acted = true
		for j, p := range []connect.Predicate{s.When, s.Unless} {
			if p == nil {
				continue
			}
			test, err := p.Open()
			if err != nil {
				t.Fatal(err)
			}
			acted = acted && test(r) == (j == 0)
		}
		if !acted {
			continue
		}
		if keep, err := apply(r); err != nil || !keep {
			return keep, i, true, err
		}
	}
	return true, len(steps), acted, nil
}

// TestRandom: what is said of random data in random chains before they are run
// is what the transforms do.
func TestRandom(t *testing.T) {
	var told, silent, good, known int
	for seed := range uint64(10_000) {
		d := dice{rand.New(rand.NewPCG(seed, 4))}
		declared := connect.Shape{Topic: pick(d, "t", "t", "other", ""), Key: d.form(), Value: d.form(), NoOffset: d.chance(50)}
		steps := d.steps(1 + d.IntN(4))
		out, faults := carry(declared, steps)
		record := func(nullKey, nullValue bool, nulls int) *connect.Record {
			r := &connect.Record{Topic: declared.Topic, Timestamp: 1, Offset: 7, Key: d.datum(declared.Key, nullKey, nulls), Value: d.datum(declared.Value, nullValue, nulls)}
			if declared.NoOffset {
				r.Offset = -1
			}
			if r.Topic == "" {
				r.Topic = pick(d, "t", "z")
			}
			return r
		}
		say := func(r *connect.Record, what string, args ...any) {
			t.Helper()
			var b strings.Builder
			for _, s := range steps {
				fmt.Fprintf(&b, "\n  %T%+v when %T unless %T", s.Do, s.Do, s.When, s.Unless)
			}
			t.Fatalf("seed %d: %s\ndeclared %+v%s\nout %+v\nfaults %v\nrecord key %v %v, value %v %v", seed, fmt.Sprintf(what, args...), declared, b.String(), out,
				faults, r.Key.Schema, r.Key.Value, r.Value.Schema, r.Value.Value)
		}
		for range 6 {
			nullKey := declared.Key.Nulls != connect.NullsNever && d.chance(30)
			nullValue := declared.Value.Nulls != connect.NullsNever && d.chance(30)
			r := record(nullKey, nullValue, 30)
			keep, _, _, err := run(t, steps, r)
			if err != nil || !keep {
				continue
			}
			if good++; out.Value.Known && out.Key.Known {
				known++
			}
			if why := disagrees(out, r); why != "" {
				say(r, "%s", why)
			}
		}
		if len(steps) > 1 || declared.Topic == "" {
			continue
		}
		// One step on a record without nulls: it fails where there is a fault that
		// is not of nulls, and nowhere else if all is known.
		if _, ok := steps[0].When.(predicate.HasHeaderKey); ok {
			continue
		}
		r := record(false, false, 0)
		_, _, acted, err := run(t, steps, r)
		ofData, ofNulls := 0, 0
		for _, f := range faults {
			if strings.Contains(f.Err.Error(), " null, which fails") {
				ofNulls++
			} else {
				ofData++
			}
		}
		switch {
		case acted && ofData > 0 && err == nil:
			say(r, "no error")
		case err != nil && len(faults) == 0 && declared.Value.Schema != nil && declared.Key.Schema != nil:
			say(r, "%v, and no fault", err)
		case err != nil && len(faults) > 0:
			told++
		case err != nil:
			silent++
		}
		if ofNulls > 0 {
			r := record(true, true, 0)
			if _, _, acted, err := run(t, steps, r); acted && err == nil {
				say(r, "null, and no error")
			}
		}
	}
	t.Logf("%d records came out, all was known of %d; of single steps %d errors were told, %d not", good, known, told, silent)
	if known < good/4 || told < 100 {
		t.Error("the test tells too little")
	}
}
