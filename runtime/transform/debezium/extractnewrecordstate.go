package debezium

import (
	"errors"
	"fmt"
	"slices"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/memo"
)

var _ connect.Flow = ExtractNewRecordState{}

// Open gives the function that does it.
func (e ExtractNewRecordState) Open() (connect.Apply, error) {
	x, err := e.open()
	if err != nil {
		return nil, fmt.Errorf("debezium: open ExtractNewRecordState: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		keep, err := x.apply(r)
		if err != nil {
			return false, fmt.Errorf("debezium: ExtractNewRecordState: %w", err)
		}
		return keep, nil
	}, nil
}

// extractor is the transform of one task.
type extractor struct {
	ExtractNewRecordState
	rewrites bool // deletes become rows
	fields   []reference
	headers  []reference
	dropper  *dropper // nil: no header lists columns to leave out
	plans    memo.Memo[*connect.Schema, *envelopePlan]
	slab     connect.Slab
	work     connect.Record // the record that is made
}

var modes = []string{"drop", "tombstone", "rewrite", "rewrite-with-tombstone", "delete-to-tombstone"}

func (e ExtractNewRecordState) open() (*extractor, error) {
	x := &extractor{ExtractNewRecordState: e}
	if !slices.Contains(modes, e.DeleteTombstoneHandlingMode) {
		return nil, fmt.Errorf("deleteTombstoneHandlingMode is %q, and has to be one of %q", e.DeleteTombstoneHandlingMode, modes)
	}
	x.rewrites = e.DeleteTombstoneHandlingMode == "rewrite" || e.DeleteTombstoneHandlingMode == "rewrite-with-tombstone"
	var err error
	if x.fields, err = parseReferences(e.AddFieldsPrefix, e.AddFields); err != nil {
		return nil, &connect.OptionError{Option: "addFields", Err: err}
	}
	if x.headers, err = parseReferences(e.AddHeadersPrefix, e.AddHeaders); err != nil {
		return nil, &connect.OptionError{Option: "addHeaders", Err: err}
	}
	if !blank(e.DropFieldsHeaderName) {
		x.dropper = &dropper{header: e.DropFieldsHeaderName, fromKey: e.DropFieldsFromKey, compatible: e.DropFieldsKeepSchemaCompatible}
	}
	return x, nil
}

// envelopePlan says what to do with envelopes of one schema. What is wrong with
// a part of it is an error of the records that need the part.
type envelopePlan struct {
	schema        *connect.Schema
	headers       []addition
	headersErr    error
	before, after rowIn
}

// rowIn is a row in an envelope.
type rowIn struct {
	field  int // of the envelope; -1: it has none
	schema *connect.Schema
	plan   *rowPlan
	err    error // why there is no plan
	topic  topicField
}

func (x *extractor) plan(envelope *connect.Schema) *envelopePlan {
	if p, ok := x.plans.Get(envelope); ok {
		return p
	}
	p := &envelopePlan{schema: envelope}
	if p.headers, p.headersErr = additions(x.headers, envelope); p.headersErr != nil {
		p.headersErr = connect.OptionErrorf("addHeaders", "%w", p.headersErr)
	}
	p.before = x.planIn(fieldBefore, envelope)
	p.after = x.planIn(fieldAfter, envelope)
	x.plans.Put(envelope, p)
	return p
}

func (x *extractor) planIn(name string, envelope *connect.Schema) (in rowIn) {
	if in.field = envelope.FieldIndex(name); in.field < 0 {
		return in
	}
	in.schema = envelope.Fields()[in.field].Schema
	in.plan, in.err = x.planRow(in.schema, envelope)
	in.topic = x.topicIn(in.schema, len(in.schema.Fields()))
	return in
}

func (x *extractor) apply(r *connect.Record) (bool, error) {
	if r.Value.IsNull() {
		return x.tombstone(r), nil
	}
	if !isEnvelope(r.Value.Schema) {
		return true, nil
	}
	envelope, err := slots(r.Value.Schema, r.Value.Value)
	if err != nil {
		return false, err
	}
	p := x.plan(r.Value.Schema)
	out := &x.work
	*out = *r // which stays as it is where there is an error
	if out.Headers, err = p.addHeaders(r.Headers, envelope); err != nil {
		return false, err
	}
	keep, err := x.extract(p, envelope, out)
	if keep && err == nil {
		*r = *out
	}
	return keep, err
}

// tombstone is what becomes of a tombstone.
func (x *extractor) tombstone(r *connect.Record) (keep bool) {
	if x.DeleteTombstoneHandlingMode != "rewrite-with-tombstone" {
		return false
	}
	headers := r.Headers
	for _, ref := range x.headers {
		if ref.field == fieldOp {
			headers = append(room(headers, 1), connect.Header{Key: ref.name, Datum: connect.Datum{
				Schema: connect.StringSchema, Value: connect.String(opDelete)}})
		}
	}
	r.Headers = headers
	return true
}

// addHeaders is the record's headers with those of addHeaders. A struct or map
// keeps its own schema, as there is none that is optional and fits its value.
func (p *envelopePlan) addHeaders(in []connect.Header, envelope []connect.Value) ([]connect.Header, error) {
	if p.headersErr != nil || len(p.headers) == 0 {
		return in, p.headersErr
	}
	out := room(in, len(p.headers))
	for i := range p.headers {
		a := &p.headers[i]
		v, err := a.value(envelope)
		if err != nil {
			return nil, fmt.Errorf("addHeaders: %q: %w", a.name, err)
		}
		d := connect.Datum{Schema: a.schema, Value: v}
		if a.whole && !v.IsNull() {
			d.Schema = a.own
		}
		out = append(out, connect.Header{Key: a.name, Datum: d})
	}
	return out, nil
}

// field is what is at a place of an envelope.
func (p *envelopePlan) field(i int, envelope []connect.Value) connect.Value {
	return orDefault(p.schema.Fields()[i].Schema, envelope[i])
}

var errNoAfter = errors.New(`the envelope has no field "after"`)

func (x *extractor) extract(p *envelopePlan, envelope []connect.Value, r *connect.Record) (keep bool, err error) {
	if p.after.field < 0 {
		return false, errNoAfter
	}
	if after := p.field(p.after.field, envelope); !after.IsNull() {
		return true, x.changed(p, after, envelope, r)
	}
	if p.before.field < 0 {
		return false, errors.New(`the envelope has no field "before"`)
	}
	before := p.field(p.before.field, envelope)
	if before.IsNull() || x.DeleteTombstoneHandlingMode == "drop" { // null: all rows were deleted at once
		return false, nil
	}
	return true, x.deleted(p, before, envelope, r)
}

var (
	no  = connect.String("false")
	yes = connect.String("true")
)

// changed makes the record of an insert, of an update or of a snapshot.
func (x *extractor) changed(p *envelopePlan, after connect.Value, envelope []connect.Value, r *connect.Record) error {
	if p.after.err != nil {
		return p.after.err
	}
	plan := p.after.plan
	out, err := x.row(plan, after, envelope, no)
	if err != nil {
		return err
	}
	if err := plan.topic.route(r, out.Slots); err != nil {
		return err
	}
	r.Value = connect.Datum{Schema: plan.out, Value: out.Value()}
	return x.dropper.drop(r, len(out.Slots))
}

// deleted makes the record of a delete. What is added of the envelope is added
// after columns are left out, and so it stays.
func (x *extractor) deleted(p *envelopePlan, before connect.Value, envelope []connect.Value, r *connect.Record) error {
	if err := p.before.route(r, before); err != nil {
		return err
	}
	if !x.rewrites {
		r.Value = connect.Datum{}
		if x.DeleteTombstoneHandlingMode == "tombstone" {
			r.Value.Schema = p.after.schema
		}
		return x.dropper.drop(r, 0)
	}
	if p.before.err != nil {
		return p.before.err
	}
	out, err := x.row(p.before.plan, before, envelope, yes)
	if err != nil {
		return err
	}
	r.Value = connect.Datum{Schema: p.before.plan.out, Value: out.Value()}
	return x.dropper.drop(r, p.before.plan.columns)
}

// topicField is the column that is the record's topic.
type topicField struct {
	at  int // -1: there is none
	err error
}

// topicIn finds it among the first n fields.
func (x *extractor) topicIn(s *connect.Schema, n int) (f topicField) {
	if x.RouteByField == "" {
		return topicField{at: -1}
	}
	f.at, f.err = typed(s, x.RouteByField, connect.KindString)
	if f.err == nil && f.at >= n {
		f.err = fmt.Errorf("%q is added to the row after it is routed", x.RouteByField)
	}
	if f.err != nil {
		f.err = connect.OptionErrorf("routeByField", "%w", f.err)
	}
	return f
}

// route gives the record the topic that the row says.
func (f *topicField) route(r *connect.Record, row []connect.Value) error {
	if f.err != nil || f.at < 0 {
		return f.err
	}
	if topic := row[f.at].Str(); !blank(topic) {
		r.Topic = topic
	}
	return nil
}

// route gives the record of a delete its topic.
func (in *rowIn) route(r *connect.Record, row connect.Value) error {
	if in.topic.err != nil || in.topic.at < 0 {
		return in.topic.err
	}
	columns, err := slots(in.schema, row)
	if err != nil {
		return err
	}
	return in.topic.route(r, columns)
}
