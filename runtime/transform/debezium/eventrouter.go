package debezium

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/memo"
)

var _ connect.Flow = EventRouter{}

// Open gives the function that does it.
func (e EventRouter) Open() (connect.Apply, error) {
	x, err := e.open()
	if err != nil {
		return nil, fmt.Errorf("debezium: open EventRouter: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		keep, err := x.apply(r)
		if err != nil {
			return false, fmt.Errorf("debezium: EventRouter: %w", err)
		}
		return keep, nil
	}, nil
}

// router is the transform of one task.
type router struct {
	EventRouter
	placements []placement
	enveloped  bool      // messages are more than their payloads
	expander   *expander // nil: JSON stays text
	topic      connect.Apply
	tables     memo.Memo[*connect.Schema, *outbox]
	slab       connect.Slab
	work       connect.Record // the message that is made
}

func (e EventRouter) open() (x *router, err error) {
	x = &router{EventRouter: e}
	if err = e.check(); err != nil {
		return nil, err
	}
	if x.placements, err = parsePlacements(e.TableFieldsAdditionalPlacement); err != nil {
		return nil, &connect.OptionError{Option: "tableFieldsAdditionalPlacement", Err: err}
	}
	x.enveloped = slices.ContainsFunc(x.placements, func(p placement) bool { return p.to == "envelope" })
	if e.TableExpandJSONPayload {
		x.expander, err = newExpander(e.TableJSONPayloadNullBehavior == "optional_bytes", e.TableJSONPayloadEmptyArrayBehavior == "optional_string")
		if err != nil {
			return nil, err
		}
	}
	x.topic, err = openRoute(option{"routeTopicRegex", e.RouteTopicRegex}, option{"routeTopicReplacement", e.RouteTopicReplacement})
	return x, err
}

// check checks the options that are one of a few words.
func (e EventRouter) check() error {
	for _, o := range []struct {
		name, value string
		words       []string
	}{
		{"tableOpInvalidBehavior", e.TableOpInvalidBehavior, []string{"warn", "error", "fatal"}},
		{"tableFieldAdditionalMissing", e.TableFieldAdditionalMissing, []string{"error", "ignore"}},
		{"tableJsonPayloadNullBehavior", e.TableJSONPayloadNullBehavior, []string{"ignore", "optional_bytes"}},
		{"tableJsonPayloadEmptyArrayBehavior", e.TableJSONPayloadEmptyArrayBehavior, []string{"ignore", "optional_string"}},
	} {
		if !slices.Contains(o.words, o.value) {
			return fmt.Errorf("%s is %q, and has to be one of %q", o.name, o.value, o.words)
		}
	}
	return nil
}

func (x *router) apply(r *connect.Record) (keep bool, err error) {
	if r.Value.IsNull() {
		return false, nil
	}
	if !isEnvelope(r.Value.Schema) {
		return true, nil
	}
	envelope, err := slots(r.Value.Schema, r.Value.Value)
	if err != nil {
		return false, err
	}
	op, err := typed(r.Value.Schema, fieldOp, connect.KindString)
	if err != nil {
		return false, err
	}
	switch envelope[op].Str() {
	case "":
		if envelope[op].IsNull() {
			return false, errors.New(`field "op" is null`)
		}
	case opDelete:
		return false, nil
	case opUpdate:
		return false, x.updated(r)
	}
	t, ok := x.tables.Get(r.Value.Schema)
	if !ok {
		if t, err = x.table(r.Value.Schema); err != nil {
			return false, err
		}
		x.tables.Put(r.Value.Schema, t)
	}
	return true, x.message(t, envelope, r)
}

// updated is what becomes of an update, which an outbox should not see.
func (x *router) updated(r *connect.Record) error {
	switch x.TableOpInvalidBehavior {
	case "fatal":
		return errors.New("an update of the outbox table, whose rows are only to be inserted and deleted (tableOpInvalidBehavior)")
	case "error":
		slog.Error("debezium: EventRouter: an update of the outbox table was dropped", "topic", r.Topic)
	default:
		slog.Warn("debezium: EventRouter: an update of the outbox table was dropped", "topic", r.Topic)
	}
	return nil
}

// message makes the message of a row.
func (x *router) message(t *outbox, envelope []connect.Value, r *connect.Record) error {
	row, err := slots(t.row, envelope[t.after])
	if err != nil {
		return fmt.Errorf("the row: %w", err)
	}
	out := &x.work
	*out = connect.Record{Partition: connect.NoPartition, Offset: r.Offset}
	if out.Timestamp, err = t.timestamp(envelope, row); err != nil {
		return err
	}
	route := row[t.route]
	if route.IsNull() {
		return fmt.Errorf("field %q is null, and there is nothing to route by (routeByField)", x.RouteByField)
	}
	out.Topic = route.Str()
	out.Key = connect.Datum{Schema: t.key.schema, Value: t.key.of(row)}
	if out.Value, err = x.value(t, row, r.Topic); err != nil {
		return err
	}
	if err = x.spread(t, row, r, out); err != nil {
		return err
	}
	if _, err = x.topic(out); err != nil {
		return err
	}
	*r = *out
	return nil
}

// value is the message's: the payload, or a struct of it and further columns.
func (x *router) value(t *outbox, row []connect.Value, topic string) (connect.Datum, error) {
	payload := connect.Datum{Schema: t.payload.schema, Value: t.payload.of(row)}
	if x.expander != nil {
		x.expander.expand(&payload, x.TableFieldEventPayload, topic)
	}
	message := payload
	if x.enveloped {
		schema, err := t.messageSchema(payload.Schema, row)
		if err != nil {
			return connect.Datum{}, err
		}
		if err := required(&schema.Fields()[0], payload.Value); err != nil {
			return connect.Datum{}, err
		}
		message = connect.Datum{Schema: schema, Value: x.envelope(t, schema, payload.Value, row)}
	}
	empty := payload.IsNull() || payload.Value.Kind() == connect.KindString && blank(payload.Value.Str())
	if empty && x.RouteTombstoneOnEmptyPayload {
		return connect.Datum{}, nil
	}
	return message, nil
}

// messageSchema is the schema of messages that are more than their payloads.
func (t *outbox) messageSchema(payload *connect.Schema, row []connect.Value) (*connect.Schema, error) {
	k := messageKey{payload: payload, route: row[t.route].Str()}
	if t.version >= 0 && !row[t.version].IsNull() {
		k.version, k.hasVersion = int32(row[t.version].Int()), true
	}
	s, ok := t.messages.Get(k)
	if ok {
		return s, nil
	}
	k.route = strings.Clone(k.route)
	s, err := t.envelopeSchema(k)
	if err == nil {
		t.messages.Put(k, s)
	}
	return s, err
}

func (x *router) envelope(t *outbox, schema *connect.Schema, payload connect.Value, row []connect.Value) connect.Value {
	out := x.slab.Struct(schema)
	out.Slots[0] = payload
	n := 1
	for i := range t.placed {
		if p := &t.placed[i]; p.to == "envelope" {
			out.Slots[n] = orDefault(p.schema, row[p.at])
			n++
		}
	}
	return out.Value()
}

// spread gives the message its headers and its partition.
func (x *router) spread(t *outbox, row []connect.Value, r, out *connect.Record) error {
	out.Headers = append(room(r.Headers, 1+len(t.placed)), connect.Header{Key: "id", Datum: connect.Datum{
		Schema: t.id.schema, Value: t.id.of(row)}})
	for i := range t.placed {
		switch p := &t.placed[i]; p.to {
		case "header":
			out.Headers = append(out.Headers, connect.Header{Key: p.name, Datum: connect.Datum{
				Schema: p.schema, Value: orDefault(p.schema, row[p.at])}})
		case "partition":
			out.Partition = connect.NoPartition
			if row[p.at].IsNull() {
				continue
			}
			out.Partition = int32(row[p.at].Int())
			if out.Partition < 0 {
				return fmt.Errorf("field %q is %d, and has to be the number of a partition", p.column, out.Partition)
			}
		}
	}
	if out.Partition == connect.NoPartition && r.Offset >= 0 {
		return errors.New("the router is for sources: the record of a sink has to be in a partition, and no column says which")
	}
	return nil
}
