package fuse

import (
	"math"
	"slices"
	"strconv"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse/recipe"
	"kcgen.dev/runtime/internal/reshape"
)

// print fills the recipe with what was found.
func (w *sinkWalk) print() {
	if w.texts != nil {
		w.printTexts()
		return
	}
	rest := w.found.rest()
	w.made.Rest = recipe.Keep
	if rest.gone {
		w.made.Rest = recipe.Pass
	}
	for i, name := range w.found.named[:len(w.found.named)-1] {
		if m := w.member(name, w.found.of[i]); m.Does != w.made.Rest {
			w.made.Members = append(w.made.Members, m)
		}
	}
	for _, c := range w.found.added {
		w.made.Added = append(w.made.Added, w.member(c.name, outcome{cell: c}))
	}
}

// printTexts fills the recipe with what is made of texts.
func (w *sinkWalk) printTexts() {
	w.made.Shape = w.texts.shape
	for _, c := range w.texts.cells {
		m := recipe.Member{Name: c.name, Does: recipe.Keep}
		if c.from == reshape.None {
			m.Does, m.Value = recipe.Fix, w.value(c)
			if m.Value.Kind == recipe.RecordTime {
				m.Value.Kind = recipe.RecordInstant
			}
		}
		w.made.Fields = append(w.made.Fields, m)
	}
}

// member is what is printed of what becomes of the member of a name.
func (w *sinkWalk) member(name string, o outcome) recipe.Member {
	m := recipe.Member{Name: name, As: o.name, Does: recipe.Rename}
	switch {
	case o.leave:
		m.Does = recipe.Leave
	case o.gone:
		m.Does = recipe.Pass
	case o.from == reshape.None:
		m.Does, m.Value = recipe.Fix, w.value(o.cell)
	case len(o.changes) > 0:
		m.Does = recipe.Alter
		for _, c := range o.changes {
			m.Changes = append(m.Changes, w.change(c))
		}
	case o.name == name:
		m.Does = recipe.Keep
	}
	return m
}

// change is the place of a change among those of the function.
func (w *sinkWalk) change(c recipe.Change) int {
	i := slices.Index(w.made.Changes, c)
	if i < 0 {
		i = len(w.made.Changes)
		w.made.Changes = append(w.made.Changes, c)
	}
	return i
}

// value is what is put in a place, where it is not from the message.
func (w *sinkWalk) value(c cell) recipe.Value {
	switch c.part {
	case reshape.Topic:
		return recipe.Value{Kind: recipe.RecordTopic}
	case reshape.Partition:
		w.made.Place = true
		return recipe.Value{Kind: recipe.RecordPartition}
	case reshape.Offset:
		w.made.Place = true
		return recipe.Value{Kind: recipe.RecordOffset}
	case reshape.Timestamp:
		w.made.Time = true
		return recipe.Value{Kind: recipe.RecordTime}
	}
	v, _ := literal(c.always)
	return v
}

// printable reports whether all values that are not from the message have
// literals.
func (m *members) printable() bool {
	prints := func(c cell) bool {
		_, ok := literal(c.always)
		return ok
	}
	for _, o := range m.of {
		if !o.gone && !o.leave && !prints(o.cell) {
			return false
		}
	}
	return !slices.ContainsFunc(m.added, func(c cell) bool { return !prints(c) })
}

// literal is a value as Go has it.
func literal(v connect.Value) (recipe.Value, bool) {
	text := ""
	switch k := v.Kind(); k {
	case connect.KindNull:
		return recipe.Value{Kind: "Null"}, true
	case connect.KindBool:
		return recipe.Value{Kind: "Bool", Text: strconv.FormatBool(v.Bool())}, true
	case connect.KindString:
		return recipe.Value{Kind: "String", Text: v.Str()}, true
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		text = strconv.FormatInt(v.Int(), 10)
	case connect.KindFloat32, connect.KindFloat64:
		f := v.Float()
		if math.IsNaN(f) || math.IsInf(f, 0) || f == 0 && math.Signbit(f) {
			return recipe.Value{}, false
		}
		text = strconv.FormatFloat(f, 'g', -1, 64)
	}
	kinds := map[connect.Kind]string{
		connect.KindInt8: "Int8", connect.KindInt16: "Int16", connect.KindInt32: "Int32", connect.KindInt64: "Int64",
		connect.KindFloat32: "Float32", connect.KindFloat64: "Float64",
	}
	kind, ok := kinds[v.Kind()]
	return recipe.Value{Kind: kind, Text: text}, ok
}
