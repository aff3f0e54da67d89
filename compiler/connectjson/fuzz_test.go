package connectjson

import (
	"maps"
	"strings"
	"testing"
)

// FuzzRead reads any bytes as each kind of file: no panic, and no connector
// without a name or with a nil map.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{"name":"a","config":{"connector.class":"FileStreamSource","tasks.max":1}}`,
		`{"a":{"info":{"name":"a","config":{"connector.class":"x"}},"status":{"connector":{"state":"PAUSED"}}}}`,
		"name=a\\\n  b\nconnector.class : x\n! c\n\\u0041\\=b c=d\\",
		"debezium.sink.type=kafka\ndebezium.source.connector.class=x\ndebezium.sink.kafka.producer.bootstrap.servers=a\ndebezium.format.value=avro",
		"apiVersion: v1\nkind: KafkaConnector\nmetadata: {name: a}\nspec: {class: x, config: {a: [1, true]}}\n---\napiVersion: v1\nkind: KafkaConnect\nspec: {bootstrapServers: a, authentication: {type: plain, username: u}}",
		"a: &a [1]\nb: [*a, *a]",
		strings.Repeat("[", 1000),
	} {
		for _, ext := range []string{".json", ".yaml", ".properties", ""} {
			f.Add(ext, []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, ext string, text []byte) {
		in, bad := Read([]File{{Name: "f" + ext, Text: text}})
		for _, c := range in.Connectors {
			if len(bad) == 0 && c.Props == nil {
				t.Errorf("no properties: %+v", c)
			}
		}
	})
}

// FuzzProperties writes what it has read: the same is read again.
func FuzzProperties(f *testing.F) {
	f.Add("a=b\nc\\ d : e\\\n  f\n")
	f.Add("\\u00e9=\\uD83D\\uDE00\n#c\n!d\n=x\n\\#=\\!")
	f.Fuzz(func(t *testing.T, text string) {
		props, err := parseProperties(text)
		if err != nil {
			return
		}
		var b strings.Builder
		want := map[string]string{}
		for k, p := range props {
			if strings.ToValidUTF8(k+p.Text, "") != k+p.Text {
				return // bytes that are no text are not written
			}
			want[k] = p.Text
			writeProperty(&b, k, p.Text)
		}
		again, err := parseProperties(b.String())
		got := map[string]string{}
		for k, p := range again {
			got[k] = p.Text
		}
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%q\nis read as %q, %v\nwant %q", b.String(), got, err, want)
		}
	})
}

// FuzzJAAS reads any text as a line of JAAS.
func FuzzJAAS(f *testing.F) {
	f.Add(`org.x.Plain required username="a\"b" password='c' z=1;`)
	f.Add(`x required a="`)
	f.Fuzz(func(_ *testing.T, text string) { _, _, _ = jaas(text) })
}

// FuzzURL takes any text apart as JDBC's URL.
func FuzzURL(f *testing.F) {
	f.Add("jdbc:postgresql://db/x?a=b&c=%41&d")
	f.Add("jdbc:sqlserver://db:1;databaseName=x;encrypt=true;;=")
	f.Fuzz(func(_ *testing.T, text string) { splitURL(text) })
}
