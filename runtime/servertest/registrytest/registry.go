package registrytest

import (
	"errors"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
	"kcgen.dev/runtime/servertest"
)

// bench is one test's place: a topic of its own at the shared registry.
type bench struct {
	*testing.T
	Suite
	topic, url string
	client     *sr.Client
}

func newBench(t *testing.T, s Suite) *bench {
	t.Helper()
	url := servertest.SharedRegistry(t)
	client, err := sr.NewClient(sr.URLs(url))
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t, s, servertest.Unique("orders"), url, client}
}

func (b *bench) open(o registry.Options) connect.Codec {
	b.Helper()
	return b.openAs(connect.RoleValue, o)
}

func (b *bench) openAs(role connect.Role, o registry.Options) connect.Codec {
	b.Helper()
	o.SchemaRegistry.URL = []string{b.url}
	c, err := b.Converter(o).Open(role)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// patiently asks as long as the registry has not answered: the worker's task.
func patiently[T any](b *bench, ask func() (T, error)) (got T, err error) {
	for b.Context().Err() == nil {
		if got, err = ask(); !errors.Is(err, connect.ErrUnavailable) {
			break
		}
	}
	return got, err
}

func (b *bench) try(c connect.Codec, d connect.Datum) ([]byte, error) {
	return patiently(b, func() ([]byte, error) { return c.Encode(&connect.Buffer{}, b.topic, d) })
}

func (b *bench) encode(c connect.Codec, d connect.Datum) []byte {
	b.Helper()
	data, err := b.try(c, d)
	if err != nil {
		b.Fatal(err)
	}
	return data
}

func (b *bench) tryRead(c connect.Codec, data []byte) (connect.Datum, error) {
	return patiently(b, func() (connect.Datum, error) { return c.Decode(b.topic, data) })
}

func (b *bench) decode(c connect.Codec, data []byte) connect.Datum {
	b.Helper()
	d, err := b.tryRead(c, data)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// reads wants data to be read as what was written.
func (b *bench) reads(c connect.Codec, data []byte, want connect.Datum) {
	b.Helper()
	got := b.decode(c, data)
	b.holds(got, want)
	version, ok := got.Schema.Version()
	if !ok {
		b.Errorf("no version in %v", got.Schema)
	}
	if want = Versioned(want, version); !b.SchemaLoss && !got.Equal(want) {
		b.Errorf("read %v of %v, want %v of %v", got.Value, got.Schema, want.Value, want.Schema)
	}
}

// holds wants a struct that has all that another has.
func (b *bench) holds(got, want connect.Datum) {
	b.Helper()
	if lack := missing(got.Value, want.Value); lack != "" {
		b.Errorf("read %v, want %v: %s", got.Value, want.Value, lack)
	}
}

func (b *bench) lacks(err error, words ...string) {
	b.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			b.Errorf("%v lacks %q", err, w)
		}
	}
}

// register registers a text, and gives its id.
func (b *bench) register(subject, text string, refs ...sr.SchemaReference) int {
	b.Helper()
	s := sr.Schema{Schema: text, References: refs}
	if err := s.Type.UnmarshalText([]byte(b.Kind)); err != nil {
		b.Fatal(err)
	}
	got, err := b.client.CreateSchema(b.Context(), subject, s)
	if err != nil {
		b.Fatal(err)
	}
	return got.ID
}

func (b *bench) latest(subject string) sr.SubjectSchema {
	b.Helper()
	got, err := b.client.SchemaByVersion(b.Context(), subject, -1)
	if err != nil {
		b.Fatal(err)
	}
	return got
}

// textOf is the text of a message's schema.
func (b *bench) textOf(data []byte) string {
	b.Helper()
	got, err := b.client.SchemaByID(b.Context(), idOf(data))
	if err != nil {
		b.Fatal(err)
	}
	return got.Schema
}

// demand sets what new versions of the topic's values have to fulfil.
func (b *bench) demand(level string) {
	b.Helper()
	var s sr.SetCompatibility
	if err := s.Level.UnmarshalText([]byte(level)); err != nil {
		b.Fatal(err)
	}
	if got := b.client.SetCompatibility(b.Context(), s, b.topic+"-value"); got[0].Err != nil {
		b.Fatal(got[0].Err)
	}
}

// idOf is the schema's id of a message.
func idOf(data []byte) int {
	id, _, _ := registry.CutHeader(data)
	return id
}
