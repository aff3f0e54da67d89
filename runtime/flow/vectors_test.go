package flow_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/flow"
	"kcgen.dev/runtime/javatest"
)

// carried reads and writes what is declared.
type carried struct{}

func (carried) Open(connect.Role) (connect.Codec, error) { return nil, nil }

func (carried) Decodes(_ connect.Role, f connect.Form) (connect.Form, error) { return f, nil }

// carry takes a shape through steps, as those of a source or of a sink.
func carry(s connect.Shape, steps []flow.Step) (connect.Shape, []flow.Fault) {
	ch := flow.Chain{Steps: steps, Key: carried{}, Value: carried{}}
	var states []flow.State
	var faults []flow.Fault
	if s.NoOffset {
		states, faults = flow.Source(nil, ch, s)
	} else {
		states, faults = flow.Sink(nil, ch, s)
	}
	return states[len(steps)].Shape, faults
}

// exactly is all that can be known of a record.
func exactly(r *connect.Record) connect.Shape {
	of := func(d connect.Datum) connect.Form {
		f := connect.Form{Known: true, Schema: d.Schema, Nulls: connect.NullsNever}
		if d.IsNull() {
			f.Nulls, f.Typed = connect.NullsAlways, d.Schema != nil
		}
		return f
	}
	return connect.Shape{Topic: r.Topic, Key: of(r.Key), Value: of(r.Value), NoOffset: r.Offset < 0}
}

// disagrees is how a record differs from what is claimed of it.
func disagrees(s connect.Shape, r *connect.Record) string {
	if s.None {
		return "it was not dropped"
	}
	if s.Topic != "" && s.Topic != r.Topic {
		return fmt.Sprintf("its topic is %q and not %q", r.Topic, s.Topic)
	}
	for part, p := range map[string]struct {
		f connect.Form
		d connect.Datum
	}{"key": {s.Key, r.Key}, "value": {s.Value, r.Value}} {
		null := p.d.IsNull()
		switch {
		case null && p.f.Nulls == connect.NullsNever, !null && p.f.Nulls == connect.NullsAlways:
			return fmt.Sprintf("its %s is %v, and nulls are said to be %d", part, p.d.Value, p.f.Nulls)
		case p.f.Known && (!null || p.f.Typed) && !p.f.Schema.Equal(p.d.Schema):
			return fmt.Sprintf("its %s has the schema %v and not %v", part, p.d.Schema, p.f.Schema)
		}
	}
	return ""
}

// TestVectors: what is said of the recorded cases before they are run is what
// Kafka made of them, and an error only where it has one.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("../transform/testdata/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	errors, told := 0, 0
	for _, file := range files {
		cases, err := vectortest.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			if c.Op != "transform" {
				continue
			}
			in, err := c.In()
			if err != nil {
				t.Fatal(c.ID, err)
			}
			steps, err := steps(&c)
			if err != nil {
				continue // the configuration is refused
			}
			out, faults := carry(exactly(in), steps)
			if c.Expect.Error != "" {
				errors++
				if len(faults) > 0 {
					told++
				}
				continue
			}
			want, err := c.Out()
			if err != nil {
				t.Fatal(c.ID, err)
			}
			switch {
			case len(faults) > 0 && !refused[c.ID] && !onNull[c.ID]:
				t.Errorf("%s: %v, and Kafka has no error\n%v", c.ID, faults, &c)
			case len(faults) > 0:
			case want != nil && disagrees(out, want) != "":
				t.Errorf("%s: %s\n%v", c.ID, disagrees(out, want), &c)
			case !out.None && !(out.Key.Known && out.Value.Known):
				t.Errorf("%s: all was known, and now it is %+v\n%v", c.ID, out, &c)
			}
		}
	}
	// The others are of values: text that is no number, data without a schema.
	if t.Logf("%d of %d errors are told before", told, errors); told < 400 {
		t.Errorf("%d of %d errors are told before", told, errors)
	}
}

// refused are the cases that we refuse: see package transform, and for the text
// of bytes package convert.
var refused = map[string]bool{"StringConverter-0021": true, "RegexRouter-0019": true, "RegexRouter-0020": true, "RegexRouter-0021": true, "RegexRouter-0024": true}

// onNull are the cases of a field that is null, and that could not be changed
// if it was not.
var onNull = map[string]bool{"MaskField-0086": true, "fields-0060": true}

func steps(c *vectortest.Case) (out []flow.Step, err error) {
	in, err := javatest.Table.Steps(c)
	for _, s := range in {
		out = append(out, flow.Step{Do: s.Do, When: s.When, Unless: s.Unless})
	}
	return out, err
}

// TestConverterVectors: a converter refuses before only what it refuses, and
// reads what it says.
func TestConverterVectors(t *testing.T) {
	files, err := filepath.Glob("../convert/testdata/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	written, read := 0, 0
	for _, file := range files {
		cases, err := vectortest.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			conv, role, err := javatest.Table.Converter(&c)
			if err != nil {
				continue // the configuration is refused
			}
			d, err := c.Datum()
			if err != nil {
				t.Fatal(c.ID, err)
			}
			form := exactly(&connect.Record{Value: d}).Value
			e, writes := conv.(connect.Encodes)
			r, reads := conv.(connect.Decodes)
			switch {
			case strings.Contains(c.Op, "from_connect") && writes:
				if err := e.Encodes(role, form); err != nil && c.Expect.Error == "" && !refused[c.ID] {
					t.Errorf("%s: %v, and Kafka writes it\n%v", c.ID, err, &c)
				} else if err != nil {
					written++
				}
			case strings.Contains(c.Op, "to_connect") && reads && c.Expect.Error == "":
				for _, declared := range []connect.Form{{}, form} {
					got, err := r.Decodes(role, declared)
					if why := disagrees(connect.Shape{Value: got}, &connect.Record{Value: d}); err != nil || why != "" {
						t.Errorf("%s: %v %s\n%v", c.ID, err, why, &c)
					}
					if got.Known {
						read++
					}
				}
			}
		}
	}
	t.Logf("%d are refused before; of %d it is said what is read", written, read)
}
