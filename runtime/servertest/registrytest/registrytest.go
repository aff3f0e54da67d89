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
		"latest version": testLatest,
		"references":     testReferences,
		"evolution":      testEvolution,
		"incompatible":   testIncompatible,
		"unknown id":     testUnknownID,
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
