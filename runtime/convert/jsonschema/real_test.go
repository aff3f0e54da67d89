package jsonschema

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/registrytest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// TestRealRegistry tries what all converters do with a real registry.
func TestRealRegistry(t *testing.T) {
	registrytest.Suite{
		Kind: registry.JSON,
		Converter: func(o registry.Options) connect.Converter {
			return with(func(c *Converter) {
				c.SchemaRegistry, c.AutoRegisterSchemas, c.UseLatestVersion = o.SchemaRegistry, o.AutoRegisterSchemas, o.UseLatestVersion
				c.SubjectNameStrategy, c.UseSchemaID = o.SubjectNameStrategy, o.UseSchemaID
				c.ObjectAdditionalProperties = false // else no property may be added under BACKWARD
				c.JSONFailInvalidSchema = true
			})
		},
		Customer: `{"type":"object","title":"acme.Customer","properties":{"name":{"type":"string"}}}`,
		Order: `{"type":"object","title":"acme.Order","properties":{"id":{"type":"integer","connect.type":"int64","connect.index":0},
			"note":{"oneOf":[{"type":"null"},{"type":"string"}],"connect.index":1},"customer":{"$ref":"customer.json","connect.index":2}}}`,
		Reference: "customer.json",
		Conflict:  []string{"/properties/id"},
	}.Run(t)
}

// TestRegistry writes and reads with a real registry. Apicurio takes a text for
// a JSON Schema only if it has properties (or a $schema), so it gets structs.
func TestRegistry(t *testing.T) {
	url := servertest.SharedRegistry(t)
	conv := with(func(c *Converter) {
		c.SchemaRegistry, c.JSONFailInvalidSchema = registry.Registry{URL: []string{url}}, true
	})
	w, r := openCodec(t, conv), openCodec(t, conv)
	for seed := range uint64(30) {
		m := newMaker(seed)
		s := m.structOf(3).Field("an id", connect.Int32Schema).MustBuild()
		d := connect.Datum{Schema: s, Value: m.value(s, 0)}
		topic := fmt.Sprint("random", seed)
		out, err := w.Encode(new(connect.Buffer), topic, d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Decode(topic, out)
		if err != nil || !same(got, registrytest.Versioned(filled(d), 1)) {
			t.Fatalf("got %v, %v, want %v", got.Value, err, d.Value)
		}
	}
	if _, err := r.Decode("t", []byte("\x00\x00\x00\x99\x99{}")); err == nil || !strings.Contains(err.Error(), "39321") {
		t.Errorf("an unknown id: %v", err)
	}
}

// TestRegistryReferences reads a schema that refers to another subject's.
func TestRegistryReferences(t *testing.T) {
	url := servertest.SharedRegistry(t)
	post(t, url+"/subjects/address/versions", map[string]any{"schemaType": "JSON", "schema": `{"type":"object","properties":{"zip":{"type":"integer","maximum":99999}}}`})
	id := post(t, url+"/subjects/person-value/versions", map[string]any{
		"schemaType": "JSON",
		"schema":     `{"type":"object","properties":{"home":{"$ref":"address.json"}}}`,
		"references": []map[string]any{{"name": "address.json", "subject": "address", "version": 1}},
	})
	c := openCodec(t, with(func(c *Converter) {
		c.SchemaRegistry, c.JSONFailInvalidSchema = registry.Registry{URL: []string{url}}, true
	}))
	d, err := c.Decode("person", append(registry.AppendHeader(nil, id), `{"home":{"zip":80331}}`...))
	if err != nil || d.Value.String() != `{home:{zip:80331}}` {
		t.Errorf("got %v, %v", d.Value, err)
	}
	_, err = c.Decode("person", append(registry.AppendHeader(nil, id), `{"home":{"zip":1000000}}`...))
	if err == nil || !strings.Contains(err.Error(), "/home/zip: maximum") {
		t.Error(err)
	}
}

// TestOffline: the stand-in needs no network, whatever the registry is to be
// asked for.
func TestOffline(t *testing.T) {
	c := openCodec(t, with(func(c *Converter) { c.AutoRegisterSchemas, c.UseLatestVersion = false, true }).Offline().(Converter))
	d := order(200)
	out, err := c.Encode(new(connect.Buffer), "t", d)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Decode("t", out)
	if version, _ := got.Schema.Version(); err != nil || got.Value.String() != d.Value.String() || version != 1 {
		t.Errorf("got %v of version %d, %v", got.Value, version, err)
	}
}

func openCodec(t *testing.T, c Converter) connect.Codec {
	t.Helper()
	codec, err := c.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

// post registers a schema and gives its id.
func post(t *testing.T, url string, body any) int {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(url, "application/vnd.schemaregistry.v1+json", strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var got struct {
		ID      int
		Message string
	}
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil || got.ID == 0 {
		t.Fatalf("%s: %s %v", url, got.Message, err)
	}
	return got.ID
}
