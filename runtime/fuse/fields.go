package fuse

import (
	"slices"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse/recipe"
	"kcgen.dev/runtime/internal/reshape"
)

// beginStruct is a record that is a struct of a schema.
func (w *walk) beginStruct(s *connect.Schema) (why string) {
	of, err := Layout(s, w.bare)
	if err != nil {
		return err.Error()
	}
	w.made.Form, w.made.Of = "Struct", of
	if w.bare {
		w.made.Form = "BareStruct"
	}
	w.value = Value{From: Object, Schema: s}
	for i, f := range s.Fields() {
		w.value.Fields = append(w.value.Fields, Field{f.Name, Value{From: Slot, Slot: i, Schema: f.Schema}})
	}
	return ""
}

// Or is the value with what counts where it is null.
func (v Value) Or(def connect.Value) Value {
	switch {
	case v.isNull():
		v.Always = def
	case v.From == Slot && v.Else.IsNull():
		v.Else = def
	}
	return v
}

// MayBeNull is whether the value is null, or may be in a record.
func (v Value) MayBeNull() bool {
	return v.isNull() || v.From == Slot && v.Else.IsNull() && v.Schema.IsOptional()
}

// require sees to it that a value is not null, or reports that it is.
func (w *walk) require(v Value) bool {
	if v.From == Slot && v.Else.IsNull() {
		w.needs[v.Slot] = true
	}
	return !v.isNull()
}

// check sees to what a step does that looks whether its data are of their
// schema. Within a struct a default may stand in for null.
func (w *walk) check(v Value, within *connect.Schema) {
	switch v.From {
	case Object:
		for _, f := range v.Fields {
			w.check(f.Value, v.Schema)
		}
	case Slot:
		w.kinds[v.Slot] = v.Schema.ValueKind()
		_, filled := v.Schema.Default()
		if !v.Schema.IsOptional() && !(filled && within != nil) {
			w.require(v)
		}
	}
}

// mask puts a constant in the place of a slot that is not null.
func (w *walk) mask(pl reshape.Place, v Value) (_ Value, why string) {
	if v.Mask != nil {
		return v, "it masks what is masked"
	}
	sample, ok := samples[v.Schema.ValueKind()]
	if !ok {
		return v, differs
	}
	masked, ok := pl.Change(nil, sample)
	null, okNull := pl.Change(nil, connect.Null)
	if !ok || !okNull || !null.IsNull() || masked.IsNull() {
		return v, differs
	}
	w.kinds[v.Slot] = v.Schema.ValueKind()
	if w.needs[v.Slot] || !v.Else.IsNull() {
		return Value{From: Constant, Schema: v.Schema, Always: masked}, ""
	}
	v.Mask = &masked
	return v, ""
}

// samples are values of the kinds that can be masked.
var samples = map[connect.Kind]connect.Value{
	connect.KindBool: connect.Bool(true), connect.KindInt8: connect.Int8(1), connect.KindInt16: connect.Int16(1),
	connect.KindInt32: connect.Int32(1), connect.KindInt64: connect.Int64(1), connect.KindFloat32: connect.Float32(1),
	connect.KindFloat64: connect.Float64(1), connect.KindString: connect.String("x"), connect.KindInstant: connect.InstantMilli(1),
}

// pick takes fields out of the key or the value.
func (w *walk) pick(t reshape.Picker) (why string) {
	p, err := t.Pick()
	if err != nil {
		return err.Error()
	}
	from, to := &w.value, &w.value
	if p.From == "key" {
		from = &w.key
	}
	if p.To == "key" {
		to = &w.key
	}
	if from.From != Object {
		return differs
	}
	out := Value{From: Object}
	if from.Schema != nil {
		if out.Schema, err = p.Schema(from.Schema); err != nil {
			return err.Error()
		}
	}
	for _, path := range p.Paths {
		v, ok := from.at(path)
		if !ok {
			return "it takes a field out of a field"
		}
		if p.Replace && from.Schema != nil && v.Schema != nil {
			def, _ := v.Schema.Default()
			v = v.Or(def)
		}
		if !p.Single && v.Schema != nil && !v.Schema.IsOptional() && !w.require(v) {
			return differs
		}
		if p.Single {
			out = v
			continue
		}
		out.Fields = append(out.Fields, Field{path[len(path)-1], v})
	}
	*to = out
	return ""
}

// at is the value of a field; false where it is within one that is not taken
// apart. Without a schema one that is not there is null.
func (v Value) at(path []string) (_ Value, ok bool) {
	for n, name := range path {
		if v.From != Object {
			return v, false
		}
		i := slices.IndexFunc(v.Fields, func(f Field) bool { return f.Name == name })
		if i < 0 {
			return Value{From: Constant}, n == len(path)-1 && v.Schema == nil
		}
		v = v.Fields[i].Value
	}
	return v, true
}

// rest are the needs of the steps that nothing sees to which is written.
func (w *walk) rest() (needs []recipe.Need) {
	seen := map[int]bool{} // whether what is written sees to it that it is not null
	note(seen, w.made.Key)
	note(seen, w.made.Value)
	for slot := range w.needs {
		if _, ok := w.kinds[slot]; !ok && !seen[slot] {
			needs = append(needs, recipe.Need{Slot: slot})
		}
	}
	for slot, kind := range w.kinds {
		if strict, ok := seen[slot]; !ok || w.needs[slot] && !strict {
			needs = append(needs, recipe.Need{Slot: slot, Kind: kindNames[kind], Null: !w.needs[slot]})
		}
	}
	slices.SortFunc(needs, func(a, b recipe.Need) int { return a.Slot - b.Slot })
	return needs
}

// note marks the slots whose kinds pieces see to: true where they see to it that
// they are not null.
func note(seen map[int]bool, pieces []recipe.Piece) {
	for _, p := range pieces {
		either := p.Append == recipe.Either && slices.ContainsFunc(p.Else, recipe.Piece.OfSlot)
		if p.OfSlot() || either {
			seen[p.Slot] = seen[p.Slot] || !either
		}
	}
}

// KindName is package connect's name of a kind: KindInt32.
func KindName(k connect.Kind) string { return kindNames[k] }

// LogicalName is package connect's name of a logical type of an instant.
func LogicalName(l connect.Logical) string { return logicalNames[l] }

var logicalNames = map[connect.Logical]string{
	connect.LogicalDate: "LogicalDate", connect.LogicalTime: "LogicalTime", connect.LogicalTimestamp: "LogicalTimestamp",
}

var kindNames = map[connect.Kind]string{
	connect.KindBool: "KindBool", connect.KindInt8: "KindInt8", connect.KindInt16: "KindInt16", connect.KindInt32: "KindInt32",
	connect.KindInt64: "KindInt64", connect.KindFloat32: "KindFloat32", connect.KindFloat64: "KindFloat64", connect.KindString: "KindString",
	connect.KindBytes: "KindBytes", connect.KindDecimal: "KindDecimal", connect.KindInstant: "KindInstant",
	connect.KindArray: "KindArray", connect.KindMap: "KindMap", connect.KindStruct: "KindStruct",
}
