package fuse

import (
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/flow"
	"kcgen.dev/runtime/fuse/recipe"
	"kcgen.dev/runtime/internal/reshape"
)

// Source finds the function of a source's chain that has steps. States are what
// is known of the records before each step, as [flow.Source] tells it. Where
// there is no function the recipe is nil, and a note says why.
func Source(ch flow.Chain, states []flow.State) (*recipe.Recipe, []recipe.Note) {
	w := &walk{bare: plain(ch.Key) && plain(ch.Value), needs: map[int]bool{}, kinds: map[int]connect.Kind{}}
	w.note(recipe.Note{Part: "connector", Why: w.begin(states[0].Shape)})
	for i, s := range ch.Steps {
		w.note(recipe.Note{Part: fmt.Sprintf("transforms[%d]", i), Why: w.step(s, states[i].Shape)})
	}
	w.note(recipe.Note{Part: "keyConverter", Why: w.write(connect.RoleKey, ch.Key, w.key, &w.made.Key)})
	w.note(recipe.Note{Part: "valueConverter", Why: w.write(connect.RoleValue, ch.Value, w.value, &w.made.Value)})
	if w.failed || len(ch.Steps) == 0 {
		return nil, w.notes
	}
	w.made.Topic = w.routed
	w.made.Needs = w.rest()
	return &w.made, w.notes
}

// walk is the way through one chain.
type walk struct {
	key, value Value
	bare       bool   // whether the converters write data alone
	routed     string // the topic, where a step changed it
	made       recipe.Recipe
	notes      []recipe.Note
	failed     bool

	// Of the slots of a struct, what a step sees to: that they are not null, and
	// of a kind.
	needs map[int]bool
	kinds map[int]connect.Kind
}

func (w *walk) note(n recipe.Note) {
	w.failed = w.failed || n.Why != ""
	w.notes = append(w.notes, n)
}

const (
	behind  = "what comes before it is not specialised"
	atStart = "its configuration holds a reference, which is read when the pipeline starts"
	differs = "what it does differs from record to record"
)

// begin is the record that the connector gives.
func (w *walk) begin(s connect.Shape) (why string) {
	structs := s.Value.Known && s.Value.Schema != nil && s.Value.Schema.Kind() == connect.KindStruct
	if s.Key.Nulls != connect.NullsAlways && (s.Key.Known || !structs) { // of structs that is looked at
		return "it does not say that its records have no key"
	}
	w.key = Value{From: Constant}
	switch {
	case !s.Value.Known:
		return "it does not say what its records are, and the spec declares no schema of their value"
	case s.Value.Schema.Equal(connect.StringSchema):
		w.made.Form = "IsText"
	case s.Value.Schema.Equal(connect.OptionalStringSchema):
		w.made.Form = "IsOptionalText"
	case structs:
		return w.beginStruct(s.Value.Schema)
	default:
		return "its records are neither plain text nor structs"
	}
	w.value = Value{From: Text, Schema: s.Value.Schema}
	return ""
}

// step takes the record through a step.
func (w *walk) step(s flow.Step, before connect.Shape) (why string) {
	if w.failed {
		return behind
	}
	does, told, why := holds(s, before)
	if told && w.routed == "" {
		w.made.When = before.Topic // a predicate may have looked at that
	}
	if why != "" || !does {
		return why
	}
	if flow.Refers(s.Do) {
		return atStart
	}
	switch t := s.Do.(type) {
	case Router:
		return w.route(t, before)
	case reshape.Transform:
		return w.reshape(t)
	case reshape.Picker:
		return w.pick(t)
	}
	return "it is not one of the transforms that are"
}

// route changes the topic.
func (w *walk) route(t Router, before connect.Shape) (why string) {
	if before.Topic == "" {
		return "the topic is not known before the pipeline starts"
	}
	to, err := t.Route()
	if err != nil {
		return err.Error()
	}
	if w.routed == "" {
		w.made.When = before.Topic
	}
	w.routed, err = to(before.Topic)
	if err != nil {
		return err.Error()
	}
	return ""
}

// reshape changes the fields of the key or the value by the transform's own
// plan for data like that.
func (w *walk) reshape(t reshape.Transform) (why string) {
	step, err := t.Reshape()
	if err != nil {
		return err.Error()
	}
	d := &w.value
	switch step.On {
	case "":
		return differs
	case "key":
		d = &w.key
	}
	if d.From == Constant && step.Whole == nil {
		return w.always(t, d)
	}
	plan, old := planFor(step, d)
	if plan == nil {
		return differs
	}
	for _, i := range plan.Required {
		if !w.require(old[i]) {
			return differs
		}
	}
	out := Value{From: Object, Schema: plan.Schema}
	for i, pl := range plan.Places {
		v, why := w.place(pl, old)
		if why != "" {
			return why
		}
		f := Field{Value: v}
		if plan.Schema != nil {
			in := plan.Schema.Fields()[i]
			f.Name, f.Schema = in.Name, in.Schema
		} else {
			key := plan.Keys.Keys()[i]
			if key.Kind() != connect.KindString {
				return differs
			}
			f.Name, f.Schema = key.Str(), nil
		}
		out.Fields = append(out.Fields, f)
	}
	*d = out
	return ""
}

// planFor is the step's plan for a datum, and the values that it is made of.
func planFor(step reshape.Step, d *Value) (*reshape.Plan, []Value) {
	switch {
	case step.Whole != nil:
		return step.Whole(d.Schema), []Value{*d}
	case d.From != Object:
		return nil, nil
	}
	var old []Value
	var keys []connect.Value
	for _, f := range d.Fields {
		old = append(old, f.Value)
		keys = append(keys, connect.String(f.Name))
	}
	if d.Schema != nil {
		return step.Struct(d.Schema), old
	}
	return step.Map(connect.NewKeySet(keys)), old
}

// place is what comes in one place.
func (w *walk) place(pl reshape.Place, old []Value) (v Value, why string) {
	v = Value{From: Constant, Always: pl.Default}
	if pl.From != reshape.None {
		v = old[pl.From].Or(pl.Default)
	}
	switch {
	case pl.Change == nil:
	case pl.Part == reshape.Topic && w.routed != "":
		v = Value{From: Constant, Always: connect.String(w.routed)}
	case pl.Part == reshape.Topic:
		v = Value{From: Topic}
	case pl.Part == reshape.Timestamp:
		v = Value{From: Timestamp}
		w.made.Time = true
	case pl.Part != reshape.Nothing:
		return v, differs
	case v.From == Constant:
		var ok bool
		if v.Always, ok = pl.Change(nil, v.Always); !ok {
			return v, differs
		}
	case pl.Checks: // texts are known to be good
		w.check(v, nil)
	case pl.Masks && v.From == Slot:
		return w.mask(pl, v)
	default:
		return v, "it changes a field of each record"
	}
	return v, ""
}

// always is what a transform makes of a datum that is always the same.
func (w *walk) always(t connect.Transform, d *Value) (why string) {
	apply, err := t.Open()
	if err != nil {
		return err.Error()
	}
	r := connect.Record{Key: connect.Datum{Schema: w.key.Schema, Value: w.key.Always}, Timestamp: connect.NoTimestamp, Partition: connect.NoPartition, Offset: -1}
	in := &r.Key
	if d == &w.value {
		in = &r.Value
		*in = connect.Datum{Schema: d.Schema, Value: d.Always}
	}
	if !in.Value.IsNull() { // what is inserted into it may differ
		return differs
	}
	if keep, err := apply(&r); err != nil || !keep || !in.Value.IsNull() {
		return differs
	}
	d.Schema = in.Schema
	return ""
}

// write is how a converter writes what came of the chain.
func (w *walk) write(role connect.Role, c connect.Converter, v Value, to *[]recipe.Piece) (why string) {
	if w.failed {
		return behind
	}
	if v.isNull() && v.Schema == nil {
		return writesNull(role, c)
	}
	var decisive any = c
	if p, ok := c.(Part); ok {
		decisive = p.Decisive()
	}
	if flow.Refers(decisive) {
		return atStart
	}
	writer, ok := c.(Writer)
	if !ok {
		return "it is not one of the converters that are"
	}
	pieces, err := writer.Pieces(role, v)
	if err != nil {
		return err.Error()
	}
	*to = joined(pieces)
	return ""
}

// writesNull is why a converter does not write Kafka's null for no data.
func writesNull(role connect.Role, c connect.Converter) (why string) {
	if o, ok := c.(connect.Offline); ok {
		c = o.Offline()
	}
	codec, err := c.Open(role)
	if err != nil {
		return err.Error()
	}
	b, err := codec.Encode(&connect.Buffer{}, "", connect.Datum{})
	if err != nil || b != nil {
		return "it makes something of null"
	}
	return ""
}

// joined puts bytes that follow each other into one piece.
func joined(pieces []recipe.Piece) []recipe.Piece {
	out := []recipe.Piece{}
	for _, p := range pieces {
		if p.Append == "" && len(p.Bytes) == 0 {
			continue
		}
		if n := len(out); n > 0 && p.Append == "" && out[n-1].Append == "" {
			out[n-1].Bytes = append(out[n-1].Bytes, p.Bytes...)
			continue
		}
		if p.Append == "" {
			p.Bytes = append([]byte(nil), p.Bytes...)
		}
		if p.Append == recipe.Either {
			p.Null, p.Else = joined(p.Null), joined(p.Else)
		}
		out = append(out, p)
	}
	return out
}

func plain(c connect.Converter) bool {
	p, ok := c.(Plain)
	return ok && p.Plain()
}

func (v Value) isNull() bool { return v.From == Constant && v.Always.IsNull() }
