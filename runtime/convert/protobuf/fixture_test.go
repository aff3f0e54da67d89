package protobuf

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
)

// fakeRegistry is a registry of the test's own.
type fakeRegistry struct {
	t      *testing.T
	url    string
	client *sr.Client
}

func newRegistry(t *testing.T) *fakeRegistry {
	t.Helper()
	fake := srfake.New()
	t.Cleanup(fake.Close)
	server := httptest.NewServer(fake.Handler())
	t.Cleanup(server.Close)
	client, err := sr.NewClient(sr.URLs(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	return &fakeRegistry{t, server.URL, client}
}

// add registers a schema and gives its id.
func (r *fakeRegistry) add(subject, text string, refs ...sr.SchemaReference) int {
	r.t.Helper()
	s, err := r.client.CreateSchema(r.t.Context(), subject, sr.Schema{Schema: text, Type: sr.TypeProtobuf, References: refs})
	if err != nil {
		r.t.Fatal(err)
	}
	return s.ID
}

// text is the text of an id.
func (r *fakeRegistry) text(id int) string {
	r.t.Helper()
	s, err := r.client.SchemaByID(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return s.Schema
}

// open opens a converter's codec on the registry.
func (r *fakeRegistry) open(c Converter) connect.Codec {
	r.t.Helper()
	c.SchemaRegistry = registry.Registry{URL: []string{r.url}}
	codec, err := c.Open(connect.RoleValue)
	if err != nil {
		r.t.Fatal(err)
	}
	return codec
}

// usual are the defaults of the definition in CUE.
func usual() Converter {
	c := defaults
	c.AutoRegisterSchemas, c.LatestCompatibilityStrict = true, true
	return c
}

// describe writes a schema out: name, kind, parameters, ? where it is optional.
func describe(s *connect.Schema) string {
	var b strings.Builder
	if s.Name() != "" {
		b.WriteString(s.Name() + ":")
	}
	b.WriteString(s.Kind().String())
	if s.IsOptional() {
		b.WriteByte('?')
	}
	for _, p := range s.Params() {
		fmt.Fprintf(&b, " %s=%s", strings.TrimPrefix(p.Key, "io.confluent.connect.protobuf."), p.Value)
	}
	switch s.Kind() {
	case connect.KindArray:
		b.WriteString(" [" + describe(s.Elem()) + "]")
	case connect.KindMap:
		b.WriteString(" [" + describe(s.Key()) + " → " + describe(s.Elem()) + "]")
	case connect.KindStruct:
		b.WriteString(" {")
		for i, f := range s.Fields() {
			if i > 0 {
				b.WriteString("; ")
			}
			b.WriteString(f.Name + " " + describe(f.Schema))
		}
		b.WriteByte('}')
	}
	return b.String()
}

// show writes a value out.
func show(v connect.Value) string {
	switch v.Kind() {
	case connect.KindArray:
		var parts []string
		for _, e := range v.Array().Elems {
			parts = append(parts, show(e))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case connect.KindMap:
		var parts []string
		for i := range v.Map().Len() {
			e := v.Map().At(i)
			parts = append(parts, show(e.Key)+":"+show(e.Value))
		}
		return "map[" + strings.Join(parts, " ") + "]"
	case connect.KindStruct:
		var parts []string
		for i, f := range v.Struct().Schema.Fields() {
			parts = append(parts, f.Name+"="+show(v.Struct().Slots[i]))
		}
		return "{" + strings.Join(parts, " ") + "}"
	case connect.KindString:
		return fmt.Sprintf("%q", v.Str())
	case connect.KindBytes:
		return fmt.Sprintf("%x", v.Raw())
	case connect.KindInstant:
		return v.Instant().Format("2006-01-02T15:04:05.999999999")
	}
	return v.String()
}

// planOf is the plan of the first message of a text.
func planOf(t testing.TB, c Converter, text string) *readField {
	t.Helper()
	f, err := parse(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := c.planRead(f.at([]int{0}))
	if err != nil {
		t.Fatal(err)
	}
	return plan
}
