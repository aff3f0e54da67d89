package avro

import (
	"math/rand/v2"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest"
)

// TestFastavro has Python's fastavro read what is written here, and reads here
// what it writes.
func TestFastavro(t *testing.T) {
	m := &maker{Rand: rand.New(rand.NewPCG(3, 4))}
	var all []written
	var cases []servertest.AvroCase
	for range 300 {
		m.named = 0
		w := m.written(t, m.record(3))
		all = append(all, w)
		cases = append(cases, servertest.AvroCase{Schema: w.text, Data: w.data})
	}
	fixed := m.fixed(t)
	cases = append(cases, servertest.AvroCase{Schema: fixed.text, Data: fixed.data})
	data, values := servertest.Fastavro(t, cases)
	for i, w := range all {
		w.same(t, data[i])
	}
	const want = `{'i': -5, 's': 'héllo', 'd': Decimal('-1.23'), 'day': datetime.date(2024, 2, 29), ` +
		`'at': datetime.datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=datetime.timezone.utc), 'n': None}`
	if got := values[len(values)-1]; got != want {
		t.Errorf("Python reads\n%s, want\n%s", got, want)
	}
}

// fixed is a record whose values are known.
func (m *maker) fixed(t *testing.T) written {
	s := connect.NewStruct().Name("acme.Fixed").
		Field("i", connect.Int16Schema).Field("s", connect.StringSchema).Field("d", connect.NewDecimal(2).MustBuild()).
		Field("day", connect.DateSchema).Field("at", connect.TimestampSchema).Field("n", connect.OptionalInt64Schema).MustBuild()
	d, _ := connect.DecimalOf([]byte{0x85}, 2)
	return m.writtenValue(t, structOf(s, connect.Int16(-5), connect.String("héllo"), d.Value(),
		connect.InstantMilli(19782*connect.MillisPerDay), connect.InstantMilli(1_700_000_000_123), connect.Null))
}

// TestJavaAvro is the same with Avro's own Java library.
func TestJavaAvro(t *testing.T) {
	m := &maker{Rand: rand.New(rand.NewPCG(5, 6))}
	b := connect.NewStruct().Name("acme.All")
	for i, s := range scalars {
		b.Field("s"+string(rune('a'+i)), s)
	}
	b.Field("u", m.union(4)).Field("r", m.record(4)).Field("e", connect.NewMap(connect.Int32Schema, connect.OptionalStringSchema).MustBuild()).
		Field("l", connect.NewArray(m.record(4)).MustBuild())
	s := b.MustBuild()
	var all []written
	var data []byte
	for range 50 {
		w := m.written(t, s)
		all = append(all, w)
		data = append(data, w.data...)
	}
	again, text := servertest.JavaAvro(t, servertest.AvroCase{Schema: all[0].text, Data: data})
	if n := strings.Count(text, `"sa"`); n != len(all) {
		t.Fatalf("Java reads %d data of %d", n, len(all))
	}
	rest := again
	for _, w := range all {
		rest = w.sameFront(t, rest)
	}
	if len(rest) > 0 {
		t.Errorf("%d bytes are left", len(rest))
	}
}
