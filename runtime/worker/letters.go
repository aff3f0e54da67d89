package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// What a source's letter holds is said in headers of its own, so that a replay
// knows a text from bytes that look like one. Data of a schema is in them once
// more, with the schema.
const (
	keyForm    = "kcgen.key"
	valueForm  = "kcgen.value"
	wholeForm  = ".json" // behind those: the data with its schema, as JsonConverter writes it
	ofASchema  = "data of a schema"
	withSchema = "data with its schema"
)

// forms are the headers that say what the letter of r holds.
func (t *sourceTask) forms(r *connect.Record) []kafka.Header {
	if !t.cfg.Errors.DeadLetters.ContextHeaders {
		return nil
	}
	return append(t.form(keyForm, r.Key), t.form(valueForm, r.Value)...)
}

func (t *sourceTask) form(name string, d connect.Datum) []kafka.Header {
	form := formOf(d)
	if form == ofASchema {
		if b := t.whole(d); b != nil {
			return []kafka.Header{{Key: name, Value: []byte(withSchema)}, {Key: name + wholeForm, Value: b}}
		}
	}
	return []kafka.Header{{Key: name, Value: []byte(form)}}
}

// whole is data with its schema; nil where that cannot be written.
func (t *sourceTask) whole(d connect.Datum) (b []byte) {
	whole := t.cfg.Errors.DeadLetters.Whole
	if whole == nil {
		return nil
	}
	_ = guard(func() (err error) {
		if t.wholes == nil {
			if t.wholes, err = whole.Open(connect.RoleValue); err != nil {
				return err
			}
		}
		b, err = t.wholes.Encode(&t.buf, "", d)
		return err
	})
	return b
}

// small leaves out what is there twice, for a queue that is too small for it.
func small(headers []kafka.Header) []kafka.Header {
	return slices.DeleteFunc(headers, func(h kafka.Header) bool { return h.Key == keyForm+wholeForm || h.Key == valueForm+wholeForm })
}

// formOf is what plainBytes makes of d. What has a schema that the bytes do not
// tell cannot be read again.
func formOf(d connect.Datum) string {
	if d.IsNull() {
		return "null"
	}
	for form, s := range plainForms {
		if s.Equal(d.Schema) {
			return form
		}
	}
	switch k := d.Value.Kind(); {
	case d.Schema != nil:
		return ofASchema
	case k == connect.KindString:
		return "string"
	case k == connect.KindBytes:
		return "bytes"
	}
	return "json"
}

// plainForms are the schemas that a word says.
var plainForms = map[string]*connect.Schema{
	"STRING": connect.StringSchema, "optional STRING": connect.OptionalStringSchema,
	"BYTES": connect.BytesSchema, "optional BYTES": connect.OptionalBytesSchema,
}

// Letters is the dead letter queue of a source as a source: what the connector
// once gave is given again.
type Letters struct {
	Cluster  kafka.Cluster
	Kafka    kafka.Options
	Consumer kafka.Consumer // with the replay's group
	From     map[kafka.Partition]int64
	Replay   *Replay
}

// Tasks is one task.
func (l Letters) Tasks(context.Context, int) ([]connect.SourceTask, error) {
	return []connect.SourceTask{&letterTask{l: l, parts: map[kafka.Partition]*connect.SourcePartition{}}}, nil
}

type letterTask struct {
	l      Letters
	log    *slog.Logger
	conn   *kafka.Conn
	reader *kafka.Reader
	runs   []kafka.Run
	parts  map[kafka.Partition]*connect.SourcePartition
	n      int64 // records given
}

// Open joins the replay's group.
func (t *letterTask) Open(_ context.Context, tc connect.SourceContext) (err error) {
	t.log = tc.Log
	t.l.Replay.replays = map[int64]int{}
	if t.conn, err = kafka.Connect(t.l.Cluster, t.l.Kafka); err != nil {
		return err
	}
	t.reader, err = t.conn.Reader(t.l.Consumer, t.conn.ClientID("consumer", tc.Name, tc.Task), kafka.Subscription{
		Group: t.l.Consumer.GroupID, Topics: []string{t.l.Replay.Queue}, From: kafka.Once(t.l.From),
	})
	return err
}

// Poll gives letters, up to the end of the replay.
func (t *letterTask) Poll(ctx context.Context, b *connect.Batch) (err error) {
	if t.l.Replay.done() {
		_ = pause(ctx, 100*time.Millisecond) // until the program sees that it is idle
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	t.runs, err = t.reader.Poll(ctx, kafka.DefaultMaxPollRecords, t.runs[:0])
	t.reader.Release()
	t.runs = t.l.Replay.cut(t.runs)
	for i := range t.runs {
		t.give(&t.runs[i], b)
	}
	return err
}

func (t *letterTask) give(run *kafka.Run, b *connect.Batch) {
	for i := range run.Len() {
		o := originalOf(run, i)
		if t.l.Replay.foreign(o.headers) {
			continue
		}
		at := o.place
		t.l.Replay.restore(&o)
		if err := t.add(&o, b); err != nil {
			t.l.Replay.Impossible.Add(1)
			t.log.Error("a letter cannot be replayed; it stays in the queue", "letter", at.String(), "error", err.Error())
		}
	}
	p := t.parts[run.Partition]
	if p == nil {
		p = &connect.SourcePartition{Pairs: []connect.Pair{{Key: "topic", Value: run.Topic}, {Key: "partition", Value: int64(run.Partition.Partition)}}}
		t.parts[run.Partition] = p
	}
	b.Mark(p, connect.SourceOffset{"offset": run.Next().Offset})
}

// add adds the record that a letter was.
func (t *letterTask) add(o *original, b *connect.Batch) error {
	if o.place.topic == "" {
		return errNoTopic
	}
	forms := map[string][]byte{}
	r := connect.Record{Topic: o.place.topic, Timestamp: o.timestamp, Partition: connect.NoPartition, Offset: t.n}
	for _, h := range o.headers {
		switch {
		case h.Key == keyForm || h.Key == valueForm || h.Key == keyForm+wholeForm || h.Key == valueForm+wholeForm:
			forms[h.Key] = h.Value
		case h.Value == nil:
			r.Headers = append(r.Headers, connect.Header{Key: h.Key})
		default:
			r.Headers = append(r.Headers, connect.Header{Key: h.Key, Datum: datumOf(h.Value)})
		}
	}
	var err error
	if r.Key, err = t.read(forms, keyForm, o.key); err != nil {
		return fmt.Errorf("the key: %w", err)
	}
	if r.Value, err = t.read(forms, valueForm, o.value); err != nil {
		return fmt.Errorf("the value: %w", err)
	}
	*b.Add() = r
	t.l.Replay.replays[t.n] = o.replays
	t.n++
	return nil
}

// datumOf is a header's value: text where it can be.
func datumOf(b []byte) connect.Datum {
	if utf8.Valid(b) {
		return connect.Datum{Schema: connect.StringSchema, Value: connect.Text(b)}
	}
	return connect.Datum{Schema: connect.BytesSchema, Value: connect.Bytes(b)}
}

// read makes of a letter's bytes what they were.
func (t *letterTask) read(forms map[string][]byte, name string, b []byte) (connect.Datum, error) {
	form := string(forms[name])
	switch whole := forms[name+wholeForm]; {
	case form == withSchema && whole != nil:
		return t.l.Replay.Whole.Decode("", whole)
	case form == withSchema:
		form = ofASchema
	}
	switch form {
	case "null":
		return connect.Datum{}, nil
	case "string":
		return connect.Datum{Value: connect.Text(b)}, nil
	case "bytes":
		return connect.Datum{Value: connect.Bytes(b)}, nil
	case "json":
		return t.l.Replay.JSON.Decode("", b)
	case "STRING", "optional STRING":
		return connect.Datum{Schema: plainForms[form], Value: connect.Text(b)}, nil
	case "BYTES", "optional BYTES":
		return connect.Datum{Schema: plainForms[form], Value: connect.Bytes(b)}, nil
	case "":
		return connect.Datum{}, errors.New("the letter does not say what it holds (it was written without contextHeadersEnable)")
	}
	return connect.Datum{}, fmt.Errorf("it was %s, which the letter does not hold", form)
}

// Committed tells the group how far the replay has come.
func (t *letterTask) Committed(ctx context.Context, p *connect.SourcePartition, o connect.SourceOffset) error {
	for at, part := range t.parts {
		if part == p {
			return t.reader.Commit(ctx, map[kafka.Partition]kafka.Position{at: {Offset: o["offset"].(int64), Epoch: -1}})
		}
	}
	return nil
}

// Close leaves the group.
func (t *letterTask) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), lastWord)
	defer cancel()
	if t.reader != nil {
		t.reader.Close(ctx)
	}
	if t.conn != nil {
		t.conn.Close()
	}
	return nil
}

// Letter is a letter as a list shows it.
type Letter struct {
	Queue, From         string // where it is, and where its record came from
	Stage, Class, Error string
	Replays             int // how often it has been replayed already
}

// List shows the letters that a replay would take. It changes nothing.
func (l Letters) List(ctx context.Context, each func(Letter)) error {
	t := &letterTask{l: l}
	if err := t.Open(ctx, connect.SourceContext{Name: l.Replay.Connector}); err != nil {
		return err
	}
	defer func() { _ = t.Close() }()
	for !l.Replay.done() && ctx.Err() == nil {
		poll, cancel := context.WithTimeout(ctx, time.Second)
		runs, err := t.reader.Poll(poll, kafka.DefaultMaxPollRecords, nil)
		cancel()
		t.reader.Release()
		if err != nil {
			return err
		}
		if len(runs) == 0 { // the last offsets may hold no records
			if behind, err := t.reader.Behind(ctx); err == nil && !behind {
				break
			}
		}
		for _, run := range l.Replay.cut(runs) {
			for i := range run.Len() {
				if o := originalOf(&run, i); !l.Replay.foreign(o.headers) {
					each(letterOf(&o))
				}
			}
		}
	}
	return ctx.Err()
}

func letterOf(o *original) Letter {
	said := map[string]string{}
	for _, h := range o.headers {
		said[h.Key] = string(h.Value)
	}
	queue := o.place.String()
	(&Replay{}).restore(o)
	l := Letter{
		Queue: queue, Replays: o.replays - 1,
		Stage: said[errHeader+"stage"], Class: said[errHeader+"class.name"], Error: said[errHeader+"exception.message"],
	}
	if topic := said[errHeader+"topic"]; topic != "" {
		l.From = fmt.Sprintf("topic %s, partition %s, offset %s", topic, said[errHeader+"partition"], said[errHeader+"offset"])
	}
	return l
}
