package debezium

import (
	"errors"

	"kcgen.dev/runtime/connect"
)

// Flow says what becomes of schemas. Of what is not known to be change events
// only this is known: whether tombstones pass.
func (e ExtractNewRecordState) Flow(s *connect.Shape) error {
	x, err := e.open()
	if err != nil {
		return err
	}
	if s.Value.Known && !isEnvelope(s.Value.Schema) {
		x.flowOthers(s, connect.NullsNever)
		return nil
	}
	if x.RouteByField != "" {
		s.Topic = ""
	}
	if x.dropper != nil && x.dropper.fromKey {
		s.Key = connect.Form{Nulls: s.Key.Nulls}
	}
	if !s.Value.Known {
		x.flowOthers(s, connect.NullsUnknown)
		return nil
	}
	p := x.plan(s.Value.Schema)
	if err := x.flowError(p); err != nil {
		return err
	}
	x.flowOthers(s, connect.NullsMaybe)
	s.Value = connect.Form{Known: x.oneRow(p), Nulls: s.Value.Nulls}
	if s.Value.Known {
		s.Value.Schema = p.after.plan.out
	}
	return nil
}

// flowOthers says whether nulls come behind the transform, where deletes is
// whether they come of deletes.
func (x *extractor) flowOthers(s *connect.Shape, deletes connect.Nulls) {
	switch x.DeleteTombstoneHandlingMode {
	case "drop", "rewrite":
		s.Value.Nulls = connect.NullsNever
	case "tombstone", "delete-to-tombstone":
		s.Value.Nulls = deletes
	}
}

// flowError is what fails for all inserts and updates, or for all deletes.
func (x *extractor) flowError(p *envelopePlan) error {
	switch {
	case p.headersErr != nil:
		return p.headersErr
	case p.after.field < 0:
		return errNoAfter
	case p.after.err != nil:
		return p.after.err
	case p.after.plan.topic.err != nil:
		return p.after.plan.topic.err
	case x.DeleteTombstoneHandlingMode == "drop" || p.before.field < 0:
		return nil
	case p.before.topic.err != nil:
		return p.before.topic.err
	case x.rewrites:
		return p.before.err
	}
	return nil
}

// oneRow reports whether all rows get one schema.
func (x *extractor) oneRow(p *envelopePlan) bool {
	if x.dropper != nil {
		return false // a record's header says which
	}
	return !x.rewrites || p.before.field < 0 || p.before.plan.out.Equal(p.after.plan.out)
}

// Flow says what becomes of schemas. Where a message is more than its payload,
// its schema has a name that data are part of, and so it is unknown.
func (e EventRouter) Flow(s *connect.Shape) error {
	x, err := e.open()
	switch {
	case err != nil:
		return err
	case !s.Value.Known:
		*s = connect.Shape{}
		return nil
	case !isEnvelope(s.Value.Schema):
		s.Value.Nulls = connect.NullsNever
		return nil
	}
	if _, err := typed(s.Value.Schema, fieldOp, connect.KindString); err != nil {
		return err
	}
	t, err := x.table(s.Value.Schema)
	if err != nil {
		return err
	}
	payload := t.payload.schema
	*s = connect.Shape{Key: connect.Of(t.key.schema), Value: connect.Of(payload)}
	text := payload.Kind() == connect.KindString
	if x.enveloped {
		s.Value = connect.Form{Nulls: connect.NullsNever}
		if payload.IsOptional() && x.RouteTombstoneOnEmptyPayload {
			s.Value.Nulls = connect.NullsMaybe
		}
	}
	if x.expander != nil && text {
		s.Value = connect.Form{Nulls: s.Value.Nulls}
	}
	if x.RouteTombstoneOnEmptyPayload && text {
		s.Value.Nulls = connect.NullsMaybe
	}
	return nil
}

var errKey = errors.New("the key is no struct")

// Flow says what becomes of schemas.
func (b ByLogicalTableRouter) Flow(s *connect.Shape) error {
	x, err := b.open()
	if err != nil {
		return err
	}
	envelope := s.Value.Known && isEnvelope(s.Value.Schema)
	if s.Topic == "" {
		s.Key = connect.Form{Nulls: s.Key.Nulls}
		if envelope {
			s.Value = connect.Form{Nulls: s.Value.Nulls}
		}
		return nil
	}
	to, err := x.topicOf(s.Topic)
	if err != nil || to.name == "" {
		return err
	}
	s.Topic = to.name
	if err := x.flowKey(&s.Key, to.name); err != nil {
		return err
	}
	if !envelope {
		return nil
	}
	p, err := x.plan(s.Value.Schema, to.name)
	if err != nil {
		return err
	}
	for i := range p.rows {
		if p.rows[i].wrong != nil {
			return p.rows[i].wrong
		}
	}
	s.Value.Schema = p.out
	return nil
}

// flowKey says what becomes of the key's schema. A key that is null is good,
// whatever its schema.
func (x *logical) flowKey(f *connect.Form, topic string) (err error) {
	if !f.Known {
		return nil
	}
	if f.Schema == nil || f.Schema.Kind() != connect.KindStruct {
		if f.Nulls == connect.NullsNever {
			return errKey
		}
		*f = connect.Form{Nulls: f.Nulls}
		return nil
	}
	f.Schema, err = x.keySchema(f.Schema, topic)
	return err
}
