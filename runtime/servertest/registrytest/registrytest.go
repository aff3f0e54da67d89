// Package registrytest tries converters against a real Schema Registry: one
// suite for each converter that asks one.
//
//	registrytest.go  Suite: what is tried
//	registry.go      what is asked of the registry beside the converter
//	orders.go        the records
package registrytest

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
	"kcgen.dev/runtime/servertest"
)

// Suite is a converter, and what of it the tests cannot know. A package whose
// tests run one needs servertest's Main.
type Suite struct {
	Kind registry.Kind

	// Converter is the converter with its defaults and these options.
	Converter func(registry.Options) connect.Converter

	// Customer and Order are schemas of the records in texts of their own:
	// Order refers to Customer by the name Reference.
	Customer, Order, Reference string

	// Conflict is what an error says of the field id, which was a number and
	// becomes a string.
	Conflict []string

	// SchemaLoss says that what is read has a schema that differs from what was
	// written.
	SchemaLoss bool
}

// The ways to use a registry.
var (
	registering = registry.Options{AutoRegisterSchemas: true, LatestCompatibilityStrict: true, SubjectNameStrategy: "TopicNameStrategy"}
	lookingUp   = registry.Options{LatestCompatibilityStrict: true, SubjectNameStrategy: "TopicNameStrategy"}
	byLatest    = registry.Options{UseLatestVersion: true, LatestCompatibilityStrict: true, SubjectNameStrategy: "TopicNameStrategy"}
)

// Run runs the suite.
func (s Suite) Run(t *testing.T) {
	for name, test := range map[string]func(*bench){
		"subjects":       testSubjects,
		"look up":        testLookUp,
		"key":            testKey,
		"latest version": testLatest,
		"new latest":     testNewLatest,
		"one id":         testOneID,
		"references":     testReferences,
		"evolution":      testEvolution,
		"incompatible":   testIncompatible,
		"unknown id":     testUnknownID,
		"other kind":     testOtherKind,
	} {
		t.Run(name, func(t *testing.T) { test(newBench(t, s)) })
	}
}

// testSubjects registers by writing, under the name of each strategy.
func testSubjects(b *bench) {
	for strategy, subject := range map[string]string{
		"TopicNameStrategy": b.topic + "-value", "RecordNameStrategy": orderName, "TopicRecordNameStrategy": b.topic + "-" + orderName,
	} {
		o := registering
		o.SubjectNameStrategy = strategy
		data := b.encode(b.open(o), first())
		if id := b.latest(subject).ID; id != idOf(data) {
			b.Errorf("%s: a message of schema id %d, and the subject %s has %d", strategy, idOf(data), subject, id)
		}
		b.reads(b.open(o), data, first())
	}
}

// testKey files a key's schema apart from the value's.
func testKey(b *bench) {
	c := b.openAs(connect.RoleKey, registering)
	data := b.encode(c, first())
	if id := b.latest(b.topic + "-key").ID; id != idOf(data) {
		b.Errorf("a key of schema id %d, and the subject has %d", idOf(data), id)
	}
	b.reads(c, data, first())
}

// testLookUp finds what is registered, and refuses what is not.
func testLookUp(b *bench) {
	data := b.encode(b.open(registering), first())
	known := b.open(lookingUp)
	if again := b.encode(known, first()); string(again) != string(data) {
		b.Errorf("registered: %x, looked up: %x", data, again)
	}
	b.reads(known, data, first())
	_, err := b.try(known, second())
	b.lacks(err, b.topic+"-value", "autoRegisterSchemas is false", "40403")
}

// testLatest writes and reads by the latest version, which others registered.
func testLatest(b *bench) {
	auto := b.open(registering)
	old := b.encode(auto, first())
	id := idOf(b.encode(auto, second()))
	c := b.open(byLatest)
	data := b.encode(c, first())
	if idOf(data) != id {
		b.Errorf("written under schema id %d, want %d, the latest", idOf(data), id)
	}
	for _, data := range [][]byte{old, data} {
		d := b.decode(c, data)
		b.holds(d, first())
		if d.Schema.FieldIndex("tag") < 0 {
			b.Errorf("read as %v, want the latest", d.Schema)
		}
	}
}

// testNewLatest follows the latest version, where it holds for a moment only.
func testNewLatest(b *bench) {
	auto := b.open(registering)
	old := b.encode(auto, first())
	o := byLatest
	o.SchemaRegistry.LatestCacheTTL = 1 // nanosecond
	c := b.open(o)
	if data := b.encode(c, first()); idOf(data) != idOf(old) {
		b.Errorf("written under schema id %d, want %d, the only one", idOf(data), idOf(old))
	}
	b.reads(c, old, first())
	id := idOf(b.encode(auto, second()))
	if data := b.encode(c, first()); idOf(data) != id {
		b.Errorf("written under schema id %d, want %d, the latest now", idOf(data), id)
	}
	if d := b.decode(c, old); d.Schema.FieldIndex("tag") < 0 {
		b.Errorf("read as %v, want the latest now", d.Schema)
	}
}

// testOneID writes under the schema of an id, of whatever subject.
func testOneID(b *bench) {
	id := b.register(servertest.Unique("elsewhere"), b.textOf(b.encode(b.open(registering), second())))
	o := lookingUp
	o.UseSchemaID = id
	c := b.open(o)
	data := b.encode(c, first())
	if idOf(data) != id {
		b.Errorf("written under schema id %d, want %d", idOf(data), id)
	}
	b.holds(b.decode(c, data), first())
}

// testReferences writes under a schema that refers to one of another subject,
// and reads it by a codec that knows neither.
func testReferences(b *bench) {
	subject := servertest.Unique("customers") + "-value"
	b.register(subject, b.Customer)
	id := b.register(b.topic+"-value", b.Order, sr.SchemaReference{Name: b.Reference, Subject: subject, Version: 1})
	data := b.encode(b.open(byLatest), first())
	if idOf(data) != id {
		b.Errorf("written under schema id %d, want %d", idOf(data), id)
	}
	b.holds(b.decode(b.open(registering), data), first())
}

// testEvolution reads a stream in which the schema changes.
func testEvolution(b *bench) {
	w, r := b.open(registering), b.open(registering)
	for i, want := range []connect.Datum{first(), second(), first(), second()} {
		b.reads(r, b.encode(w, want), want)
		if i == 0 {
			b.demand("BACKWARD")
		}
	}
}

// testIncompatible is refused: the record's error says which field and rule.
func testIncompatible(b *bench) {
	c := b.open(registering)
	b.encode(c, first())
	b.demand("BACKWARD")
	_, err := b.try(c, broken())
	b.lacks(err, append(b.Conflict, b.topic+"-value", "incompatible", "under the rule BACKWARD", "(error 409)")...)
	if errors.Is(err, connect.ErrFatal) {
		b.Errorf("%v is no record's error", err)
	}
	b.encode(c, second())
}

// testUnknownID reads a message of another registry.
func testUnknownID(b *bench) {
	c := b.open(registering)
	data := b.encode(c, first())
	foreign := append(registry.AppendHeader(nil, 1<<30), data[5:]...)
	_, err := b.tryRead(c, foreign)
	b.lacks(err, b.topic, "schema id 1073741824", "another registry", "40403")
	b.reads(c, data, first())
}

// testOtherKind reads a message whose schema is of another kind.
func testOtherKind(b *bench) {
	kind, text := sr.TypeAvro, `{"type":"record","name":"X","fields":[{"name":"a","type":"int"}]}`
	if b.Kind == registry.Avro {
		kind, text = sr.TypeJSON, `{"type":"object","properties":{"a":{"type":"integer"}}}`
	}
	got, err := b.client.CreateSchema(b.Context(), servertest.Unique("other"), sr.Schema{Schema: text, Type: kind})
	if err != nil {
		b.Fatal(err)
	}
	_, err = b.tryRead(b.open(registering), append(registry.AppendHeader(nil, got.ID), 0))
	b.lacks(err, b.topic, "is of type "+kind.String()+", not "+string(b.Kind))
}
