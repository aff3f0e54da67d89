package avro

import (
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/fuse/recipe"
)

const ownText = `{"type":"record","name":"Order","namespace":"acme","fields":[{"name":"id","type":"long"},{"name":"note","type":["null","string"],"default":null}]}`

// TestHead: a head is known once something was written under that very schema,
// and never where the latest schema decides.
func TestHead(t *testing.T) {
	_, at := newFakeRegistry(t)
	c := plainConverter()
	c.SchemaRegistry, c.ConnectMetaData = at, false
	codec := open(t, c).(fuse.Heads)
	if b := codec.Head("orders", ownText); b != nil {
		t.Errorf("before the first record the head is %x", b)
	}
	mustEncode(t, codec, structOf(orderV1, connect.Int64(7), connect.Null))
	if b := codec.Head("orders", ownText); string(b) != "\x00\x00\x00\x00\x01" {
		t.Errorf("the head is %x", b)
	}
	for _, k := range []struct{ topic, text string }{{"others", ownText}, {"orders", `"string"`}} {
		if b := codec.Head(k.topic, k.text); b != nil {
			t.Errorf("the head of %v is %x", k, b)
		}
	}
	c.AutoRegisterSchemas, c.UseLatestVersion = false, true
	codec = open(t, c).(fuse.Heads)
	mustEncode(t, codec, structOf(orderV1, connect.Int64(7), connect.Null))
	if b := codec.Head("orders", ownText); b != nil {
		t.Errorf("under the latest schema the head is %x", b)
	}
}

// TestPieces has what is not known before there is a record.
func TestPieces(t *testing.T) {
	text := fuse.Value{From: fuse.Text, Schema: connect.StringSchema}
	var c Converter
	c.AutoRegisterSchemas = true
	got, err := c.Pieces(connect.RoleValue, text)
	if err != nil || len(got) != 2 || got[0].Append != recipe.Head || string(got[0].Bytes) != `"string"` || got[1].Append != recipe.Avro {
		t.Errorf("%+v, %v", got, err)
	}
	for want, change := range map[string]func(*Converter, *fuse.Value){
		"useSchemaId":      func(c *Converter, _ *fuse.Value) { c.UseSchemaID = 7 },
		"useLatestVersion": func(c *Converter, _ *fuse.Value) { c.AutoRegisterSchemas, c.UseLatestVersion = false, true },
		"without a schema": func(_ *Converter, v *fuse.Value) { v.Schema = nil },
		"does not fit":     func(_ *Converter, v *fuse.Value) { v.Schema = connect.Int64Schema },
		"scrubInvalidNames": func(_ *Converter, v *fuse.Value) {
			v.Schema = connect.NewStruct().Name("a b").MustBuild()
		},
	} {
		c, v := c, text
		change(&c, &v)
		_, err := c.Pieces(connect.RoleValue, v)
		wantError(t, err, want)
	}
	if _, err := c.Pieces(connect.RoleHeader, text); err == nil {
		t.Error("pieces of a header")
	}
}
