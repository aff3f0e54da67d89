package flow

import "kcgen.dev/runtime/connect"

// rejoin is what is known of all branches of the records of in. Without any
// there are no records.
func rejoin(in connect.Shape, of []branch) connect.Shape {
	out := connect.Shape{None: true}
	for _, b := range of {
		out = join(out, b.after)
	}
	unsaid(in.Key, &out.Key, of, func(s *connect.Shape) *connect.Form { return &s.Key })
	unsaid(in.Value, &out.Value, of, func(s *connect.Shape) *connect.Form { return &s.Value })
	return out
}

// unsaid takes back that nulls may come where a predicate alone brought them
// up: it asks about nulls of which nobody has said anything.
func unsaid(in connect.Form, out *connect.Form, of []branch, part func(*connect.Shape) *connect.Form) {
	if in.Nulls != connect.NullsUnknown || out.Nulls != connect.NullsMaybe {
		return
	}
	for _, b := range of {
		asked := part(&b.before).Nulls == connect.NullsAlways
		after := part(&b.after).Nulls
		if !asked && (after == connect.NullsMaybe || after == connect.NullsAlways) && !b.after.None {
			return
		}
	}
	out.Nulls = connect.NullsUnknown
}

// join is what is known of records that are of one shape or of the other.
func join(a, b connect.Shape) connect.Shape {
	switch {
	case a.None:
		return b
	case b.None:
		return a
	}
	out := connect.Shape{
		Key: joinForms(a.Key, b.Key), Value: joinForms(a.Value, b.Value),
		NoOffset: a.NoOffset && b.NoOffset,
	}
	if a.Topic == b.Topic {
		out.Topic = a.Topic
	}
	return out
}

// joinForms goes by the data that are not null: where all of one are, it says
// nothing about a schema.
func joinForms(a, b connect.Form) (out connect.Form) {
	switch {
	case a.Known && b.Known && a.Schema.Equal(b.Schema), b.Nulls == connect.NullsAlways:
		out.Known, out.Schema = a.Known, a.Schema
	case a.Nulls == connect.NullsAlways:
		out.Known, out.Schema = b.Known, b.Schema
	}
	out.Nulls = joinNulls(a.Nulls, b.Nulls)
	out.Typed = out.Nulls != connect.NullsNever && typed(a, out) && typed(b, out)
	return out
}

// typed is whether the nulls of f have the schema of out.
func typed(f, out connect.Form) bool {
	return f.Nulls == connect.NullsNever ||
		f.Typed && f.Known && out.Known && f.Schema.Equal(out.Schema)
}

func joinNulls(a, b connect.Nulls) connect.Nulls {
	either := func(n connect.Nulls) bool { return a == n || b == n }
	switch {
	case a == b:
		return a
	case either(connect.NullsMaybe), either(connect.NullsAlways):
		return connect.NullsMaybe
	}
	return connect.NullsUnknown
}
