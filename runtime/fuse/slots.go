package fuse

import (
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/avrobin"
	"kcgen.dev/runtime/internal/jsontext"
	"kcgen.dev/runtime/internal/memo"
)

// structs is what a task knows of the structs that come.
type structs struct {
	fits    *connect.Schema // the last that is of the layout
	fields  int             // that it has
	known   memo.Memo[*connect.Schema, bool]
	unfit   bool
	scratch []byte
}

// Struct is the slots of a record that is a struct of a layout (see Layout), and
// nothing besides: no key, no headers. It is nil for any other. A task asks for
// one layout alone.
func (t *Task) Struct(r *connect.Record, layout string) []connect.Value {
	return t.slots(r, layout, false)
}

// BareStruct is Struct for a bare layout.
func (t *Task) BareStruct(r *connect.Record, layout string) []connect.Value {
	return t.slots(r, layout, true)
}

func (t *Task) slots(r *connect.Record, layout string, bare bool) []connect.Value {
	st := r.Value.Value.Struct()
	if st == nil || st.Schema != r.Value.Schema || r.Key.Schema != nil || !r.Key.Value.IsNull() || len(r.Headers) != 0 {
		return nil
	}
	t.unfit = false
	if st.Schema != t.structs.fits && !t.isOf(st.Schema, layout, bare) || len(st.Slots) != t.fields {
		return nil
	}
	return st.Slots
}

// isOf holds a schema against the layout, which is done once for each.
func (t *Task) isOf(s *connect.Schema, layout string, bare bool) bool {
	is, ok := t.known.Get(s)
	if !ok {
		text, err := Layout(s, bare)
		is = err == nil && text == layout
		t.known.Put(s, is)
	}
	if is {
		t.fits, t.fields = s, len(s.Fields())
	}
	return is
}

// Unfit reports whether something was not what its schema says since it was asked
// last, so that what was appended is for nothing. The chain says what is wrong.
func (t *Task) Unfit() bool {
	unfit := t.unfit
	t.unfit = false
	return unfit
}

// Is reports whether a value is of a kind.
func Is(v connect.Value, k connect.Kind) bool { return v.Kind() == k }

// IsOptional is Is for what may be null.
func IsOptional(v connect.Value, k connect.Kind) bool { return v.IsNull() || v.Kind() == k }

// JSONString appends a string as JSON.
func (t *Task) JSONString(dst []byte, v connect.Value) []byte {
	if v.Kind() != connect.KindString {
		t.unfit = true
	}
	return jsontext.AppendStringValue(dst, v)
}

// JSON appends a value of a kind without parts as JSON.
func (t *Task) JSON(dst []byte, v connect.Value, k connect.Kind) []byte {
	if v.Kind() != k {
		t.unfit = true
	}
	return jsontext.AppendScalar(dst, v)
}

// JSONInstant appends a Date, Time or Timestamp as JSON.
func (t *Task) JSONInstant(dst []byte, v connect.Value, l connect.Logical) []byte {
	dst, err := jsontext.AppendInstant(dst, l, v.Milli())
	if v.Kind() != connect.KindInstant || err != nil {
		t.unfit = true
	}
	return dst
}

// JSONDecimal appends a decimal as JSON, its digits in base 64.
func (t *Task) JSONDecimal(dst []byte, v connect.Value, scale int32) []byte {
	d := v.Decimal()
	if d == nil || d.Scale != scale {
		t.unfit = true
		return dst
	}
	t.scratch = d.AppendUnscaled(t.scratch[:0])
	return jsontext.AppendBase64(dst, t.scratch)
}

// JSONNumber appends a decimal as a JSON number.
func (t *Task) JSONNumber(dst []byte, v connect.Value) []byte {
	d := v.Decimal()
	if d == nil {
		t.unfit = true
		return dst
	}
	return d.Append(dst)
}

// AvroString appends a string as Avro.
func (t *Task) AvroString(dst []byte, v connect.Value) []byte {
	if v.Kind() != connect.KindString {
		t.unfit = true
	}
	return avrobin.AppendString(dst, v)
}

// Avro appends a value of a kind without parts as Avro.
func (t *Task) Avro(dst []byte, v connect.Value, k connect.Kind) []byte {
	if v.Kind() != k {
		t.unfit = true
	}
	switch k {
	case connect.KindBool:
		return avrobin.AppendBool(dst, v.Bool())
	case connect.KindFloat32:
		return avrobin.AppendFloat(dst, float32(v.Float()))
	case connect.KindFloat64:
		return avrobin.AppendDouble(dst, v.Float())
	case connect.KindBytes:
		return avrobin.AppendBytes(dst, v.Raw())
	}
	return avrobin.AppendLong(dst, v.Int())
}

// AvroInstant appends a Date, Time or Timestamp as Avro.
func (t *Task) AvroInstant(dst []byte, v connect.Value, l connect.Logical) []byte {
	n, err := avrobin.Instant(l, v.Milli())
	if v.Kind() != connect.KindInstant || err != nil {
		t.unfit = true
	}
	return avrobin.AppendLong(dst, n)
}

// AvroDecimal appends a decimal as Avro's bytes.
func (t *Task) AvroDecimal(dst []byte, v connect.Value, scale int32) []byte {
	d := v.Decimal()
	if d == nil || d.Scale != scale {
		t.unfit = true
		return dst
	}
	t.scratch = d.AppendUnscaled(t.scratch[:0])
	return avrobin.AppendBytes(dst, t.scratch)
}

// Text appends a value of a kind without parts as the text that it has in Java.
func (t *Task) Text(dst []byte, v connect.Value, k connect.Kind) []byte {
	out, err := connect.AppendJava(dst, v)
	if v.Kind() != k || err != nil {
		t.unfit = true
		return dst
	}
	return out
}
