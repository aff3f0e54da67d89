package registry_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
	"kcgen.dev/runtime/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

const (
	one = `{"type":"record","name":"Order","fields":[{"name":"id","type":"int"}]}`
	// two adds a field without a default: no reader of it reads what one wrote.
	two   = `{"type":"record","name":"Order","fields":[{"name":"id","type":"int"},{"name":"customer","type":"string"}]}`
	three = `{"type":"record","name":"Order","fields":[{"name":"id","type":"int"},{"name":"customer","type":["null","string"],"default":null}]}`
	// oddly is one, written by somebody else.
	oddly = `{ "type": "record", "name": "Order", "fields": [ {"type": "int", "name": "id"} ] }`
)

func open(t *testing.T, url string, kind registry.Kind, o registry.Options) *registry.Session {
	t.Helper()
	o.SchemaRegistry.URL = []string{url}
	s, err := registry.Open(o, kind, connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// patiently asks as long as the registry has not answered: the worker's task.
func patiently(t *testing.T, ask func() (registry.Schema, error)) (got registry.Schema, err error) {
	t.Helper()
	for t.Context().Err() == nil {
		if got, err = ask(); !errors.Is(err, connect.ErrUnavailable) {
			break
		}
	}
	return got, err
}

func write(t *testing.T, s *registry.Session, topic, text string, refs ...registry.Reference) (registry.Schema, error) {
	t.Helper()
	return patiently(t, func() (registry.Schema, error) {
		return s.Write(topic, "Order", registry.Schema{Text: text, References: refs})
	})
}

func must(t *testing.T, s registry.Schema, err error) registry.Schema {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func lacks(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%v lacks %q", err, w)
		}
	}
}

// A real registry: what is registered is found by id, by text, as the latest.
func TestRealRegistry(t *testing.T) {
	url := servertest.SharedRegistry(t)
	topic := servertest.Unique("orders")
	auto := open(t, url, registry.Avro, registry.Options{AutoRegisterSchemas: true})
	lookUp := open(t, url, registry.Avro, registry.Options{})

	_, err := write(t, lookUp, servertest.Unique("none"), one)
	lacks(t, err, "not registered there", "40401")
	first, err := write(t, auto, topic, one)
	must(t, first, err)
	again, err := write(t, open(t, url, registry.Avro, registry.Options{AutoRegisterSchemas: true}), topic, one)
	if must(t, again, err); again.ID != first.ID {
		t.Errorf("registered as %d and %d", first.ID, again.ID)
	}
	found, err := write(t, lookUp, topic, one)
	if must(t, found, err); found.ID != first.ID {
		t.Errorf("registered as %d, found as %d", first.ID, found.ID)
	}
	_, err = write(t, lookUp, topic, three)
	lacks(t, err, "not registered there", "40403")
	second, err := write(t, auto, topic, three)
	must(t, second, err)
	for _, want := range []registry.Schema{first, second} {
		got, err := patiently(t, func() (registry.Schema, error) { return lookUp.Read(want.ID) })
		if must(t, got, err); got.Text != want.Text || got.Kind != registry.Avro {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	for want, id := range map[int]int{1: first.ID, 2: second.ID} {
		got := 0
		_, err := patiently(t, func() (_ registry.Schema, err error) {
			got, _, err = lookUp.Version(topic, "Order", id)
			return registry.Schema{}, err
		})
		if err != nil || got != want {
			t.Errorf("schema id %d is version %d (%v), want %d", id, got, err, want)
		}
	}
	_, err = patiently(t, func() (registry.Schema, error) {
		got, ok, err := lookUp.Version(servertest.Unique("none"), "Order", first.ID)
		if ok {
			t.Errorf("version %d of a subject that is not there", got)
		}
		return registry.Schema{}, err
	})
	if err != nil {
		t.Error(err)
	}
	latest, err := patiently(t, func() (registry.Schema, error) { return lookUp.Latest(topic, "") })
	if must(t, latest, err); latest.ID != second.ID || latest.Version != 2 || latest.Text != three {
		t.Errorf("the latest is %+v", latest)
	}
	_, err = patiently(t, func() (registry.Schema, error) { return lookUp.Read(1 << 30) })
	lacks(t, err, "another registry", "40403")
}

// normalize.schemas holds for the look-up too.
func TestRealNormalize(t *testing.T) {
	url := servertest.SharedRegistry(t)
	topic := servertest.Unique("orders")
	first, err := write(t, open(t, url, registry.Avro, registry.Options{AutoRegisterSchemas: true, NormalizeSchemas: true}), topic, one)
	must(t, first, err)
	for _, auto := range []bool{true, false} {
		got, err := write(t, open(t, url, registry.Avro, registry.Options{AutoRegisterSchemas: auto, NormalizeSchemas: true}), topic, oddly)
		if must(t, got, err); got.ID != first.ID {
			t.Errorf("auto %t: %d, want %d", auto, got.ID, first.ID)
		}
	}
	_, err = write(t, open(t, url, registry.Avro, registry.Options{}), topic, oddly)
	lacks(t, err, "not registered there")
}

// Schemas refer to others, which are read before those that need them.
func TestRealReferences(t *testing.T) {
	url := servertest.SharedRegistry(t)
	auto := registry.Options{AutoRegisterSchemas: true}
	base, orders, shop := servertest.Unique("base"), servertest.Unique("orders"), servertest.Unique("shop")
	text := func(name string, imports ...string) string {
		var b strings.Builder
		b.WriteString("syntax = \"proto3\";\n")
		for _, i := range imports {
			b.WriteString("import \"" + i + "\";\n")
		}
		return b.String() + "\nmessage " + name + " {\n  string id = 1;\n}\n"
	}
	s := open(t, url, registry.Protobuf, auto)
	for _, step := range []struct {
		topic, text string
		refs        []registry.Reference
	}{
		{base, text("Base"), nil},
		{orders, text("Order", "base.proto"), []registry.Reference{{Name: "base.proto", Subject: base + "-value", Version: 1}}},
		{shop, text("Shop", "order.proto", "base.proto"), []registry.Reference{
			{Name: "order.proto", Subject: orders + "-value", Version: 1}, {Name: "base.proto", Subject: base + "-value", Version: 1}}},
	} {
		got, err := write(t, s, step.topic, step.text, step.refs...)
		must(t, got, err)
	}
	got, err := patiently(t, func() (registry.Schema, error) {
		return open(t, url, registry.Protobuf, registry.Options{}).Latest(shop, "")
	})
	must(t, got, err)
	if len(got.Imports) != 2 || got.Imports[0].Name != "base.proto" || got.Imports[1].Name != "order.proto" || !strings.Contains(got.Imports[0].Text, "Base") || len(got.References) != 2 {
		t.Errorf("%+v", got)
	}
	_, err = write(t, s, servertest.Unique("lost"), text("Lost", "gone.proto"), registry.Reference{Name: "gone.proto", Subject: "gone", Version: 1})
	if err == nil || errors.Is(err, connect.ErrFatal) {
		t.Errorf("a reference to nothing: %v", err)
	}
}

// An incompatible schema is the record's error, and says where.
func TestRealConflict(t *testing.T) {
	url := servertest.SharedRegistry(t)
	topic := servertest.Unique("orders")
	s := open(t, url, registry.Avro, registry.Options{AutoRegisterSchemas: true})
	got, err := write(t, s, topic, one)
	must(t, got, err)
	setCompatibility(t, url, topic+"-value", "BACKWARD")
	_, err = write(t, s, topic, two)
	lacks(t, err, "incompatible", "under the rule BACKWARD", "/fields/1", "(error 409)")
	if errors.Is(err, connect.ErrFatal) {
		t.Errorf("%v is no record's error", err)
	}
	got, err = write(t, s, topic, three)
	must(t, got, err)
}

// Nonsense is refused.
func TestRealNonsense(t *testing.T) {
	s := open(t, servertest.SharedRegistry(t), registry.Avro, registry.Options{AutoRegisterSchemas: true})
	_, err := write(t, s, servertest.Unique("x"), `{"type":"recor`)
	lacks(t, err, "the registry refuses it", "42201")
}

// A registry that is killed is away, whatever is known goes on, and it is asked
// again when it is back.
func TestRealOutage(t *testing.T) {
	r := servertest.Registry(t)
	s := open(t, r.URL(), registry.Avro, registry.Options{AutoRegisterSchemas: true})
	first, err := write(t, s, "orders", one)
	must(t, first, err)
	r.Kill()
	if got, err := s.Write("orders", "Order", registry.Schema{Text: one}); err != nil || got.ID != first.ID {
		t.Errorf("what is known is asked for again: %v", err)
	}
	if _, err := s.Write("orders", "Order", registry.Schema{Text: three}); !errors.Is(err, connect.ErrUnavailable) {
		t.Fatalf("%v, want a registry that is away", err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	got, err := write(t, s, "orders", three)
	if must(t, got, err); got.ID == first.ID {
		t.Errorf("ids %d and %d", first.ID, got.ID)
	}
	if err := r.Pause(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(1 << 30); !errors.Is(err, connect.ErrUnavailable) {
		t.Errorf("%v, want a registry that does not answer", err)
	}
	if err := r.Resume(); err != nil {
		t.Fatal(err)
	}
	_, err = patiently(t, func() (registry.Schema, error) { return s.Read(1 << 30) })
	lacks(t, err, "40403")
}

// setCompatibility sets what Confluent's registry begins with.
func setCompatibility(t *testing.T, url, subject, level string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url+"/config/"+subject, strings.NewReader(`{"compatibility":"`+level+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
}

// A check of a real registry: it is there, and knows all kinds.
func TestRealCheck(t *testing.T) {
	r := registry.Registry{URL: []string{servertest.SharedRegistry(t)}}
	for _, kind := range []registry.Kind{registry.Avro, registry.Protobuf, registry.JSON} {
		for _, f := range r.Check(t.Context(), kind) {
			if f.Problem != "" {
				t.Errorf("%+v", f)
			}
		}
	}
}
