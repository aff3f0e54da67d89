package registry

import (
	"encoding/binary"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"kcgen.dev/runtime/connect"
)

func TestRead(t *testing.T) {
	f := newFake(t)
	f.seed()
	s := session(t, Options{}, f.URL())
	got, err := read(s, 3)
	want := Schema{ID: 3, Kind: Avro, Text: teamSchema,
		References: []Reference{{"User", "user", 1}, {"Order", "order", 1}},
		Imports:    []Import{{"User", userSchema}, {"Order", orderSchema}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
	n := f.asked.Load()
	f.answers(503, "", "")
	if again, err := read(s, 3); err != nil || !reflect.DeepEqual(again, want) || f.asked.Load() != n {
		t.Errorf("an id that is known was asked for again: %v", err)
	}
}

func TestReadRefusals(t *testing.T) {
	f := newFake(t)
	f.SeedSchema("p", 1, 7, sr.Schema{Schema: `syntax = "proto3";`, Type: sr.TypeProtobuf})
	s := session(t, Options{}, f.URL())
	_, err := read(s, 41)
	has(t, err, "record", "registry: schema id 41 of a record's value", "40403", "another registry")
	_, err = read(s, 7)
	has(t, err, "record", "is of type PROTOBUF, not AVRO")
	_, err = read(s, -5)
	has(t, err, "record", "negative")
}

// A storm of records with a bad id asks the registry once in a while.
func TestRefusalsAreKept(t *testing.T) {
	f := newFake(t)
	s := session(t, Options{}, f.URL())
	for range 1000 {
		_, err := read(s, 41)
		has(t, err, "record")
	}
	if n := f.asked.Load(); n > 3 { // the machine may be slow
		t.Errorf("asked %d times", n)
	}
}

func TestWrite(t *testing.T) {
	own := Schema{Text: userSchema}
	t.Run("register", func(t *testing.T) {
		f := newFake(t)
		s := session(t, Options{AutoRegisterSchemas: true}, f.URL())
		for range 3 {
			got, err := write(s, "users", "User", own)
			if err != nil || got.ID != 1 || got.Text != userSchema || got.Kind != Avro {
				t.Fatalf("%+v, %v", got, err)
			}
		}
		if _, ok := f.GetSchema("users-value", 1); !ok || f.asked.Load() != 1 {
			t.Errorf("asked %d times", f.asked.Load())
		}
	})
	t.Run("look up", func(t *testing.T) {
		f := newFake(t)
		s := session(t, Options{}, f.URL())
		_, err := write(s, "users", "User", own)
		has(t, err, "record", "schema of the subject users-value", "autoRegisterSchemas is false", "40401")
		f.SeedSchema("users-value", 1, 9, sr.Schema{Schema: userSchema})
		if got, err := write(session(t, Options{}, f.URL()), "users", "User", own); err != nil || got.ID != 9 {
			t.Fatalf("%+v, %v", got, err)
		}
	})
	t.Run("latest", func(t *testing.T) {
		f := newFake(t)
		o := Options{UseLatestVersion: true}
		_, err := write(session(t, o, f.URL()), "users", "User", own)
		has(t, err, "record", "latest version of the subject users-value", "nothing is registered there yet")
		f.SeedSchema("users-value", 1, 1, sr.Schema{Schema: stringSchema})
		f.SeedSchema("users-value", 2, 2, sr.Schema{Schema: userSchema})
		if got, err := write(session(t, o, f.URL()), "users", "User", Schema{Text: stringSchema}); err != nil || got.ID != 2 || got.Text != userSchema {
			t.Fatalf("%+v, %v", got, err)
		}
	})
	t.Run("by id", func(t *testing.T) {
		f := newFake(t)
		f.seed()
		if got, err := write(session(t, Options{UseSchemaID: 1}, f.URL()), "users", "User", own); err != nil || got.ID != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		_, err := write(session(t, Options{UseSchemaID: 8}, f.URL()), "users", "User", own)
		has(t, err, "record", "schema id 8 (useSchemaId)")
	})
	t.Run("invalid", func(t *testing.T) {
		f := newFake(t)
		f.answers(422, "", `{"error_code":42201,"message":"Input schema is an invalid Avro schema"}`)
		_, err := write(session(t, Options{AutoRegisterSchemas: true}, f.URL()), "users", "User", own)
		has(t, err, "record", "the registry refuses it", "an invalid Avro schema", "42201")
	})
}

// The same text with other references is another schema.
func TestWriteWithReferences(t *testing.T) {
	f := newFake(t)
	f.seed()
	f.SeedSchema("user", 2, 4, sr.Schema{Schema: stringSchema})
	s := session(t, Options{AutoRegisterSchemas: true}, f.URL())
	ids := map[int]bool{}
	for version := 1; version <= 2; version++ {
		got, err := write(s, "orders", "Order", Schema{Text: orderSchema, References: []Reference{{"User", "user", version}}})
		if err != nil {
			t.Fatal(err)
		}
		ids[got.ID] = true
	}
	if len(ids) != 2 {
		t.Errorf("ids %v", ids)
	}
}

// What Confluent's strategies give.
func TestSubjects(t *testing.T) {
	for _, test := range []struct {
		strategy, record string
		role             connect.Role
		want             string
	}{
		{"", "com.acme.Order", connect.RoleValue, "orders-value"},
		{"TopicNameStrategy", "", connect.RoleKey, "orders-key"},
		{"RecordNameStrategy", "com.acme.Order", connect.RoleValue, "com.acme.Order"},
		{"RecordNameStrategy", "com.acme.Order", connect.RoleKey, "com.acme.Order"},
		{"RecordNameStrategy", "", connect.RoleValue, "needs a schema with a name"},
		{"RecordNameStrategy", "..", connect.RoleValue, "no name for a subject"},
		{"TopicRecordNameStrategy", "com.acme.Order", connect.RoleKey, "orders-com.acme.Order"},
		{"TopicRecordNameStrategy", "", connect.RoleKey, "needs a schema with a name"},
	} {
		s := &Session{options: Options{SubjectNameStrategy: test.strategy}, role: test.role}
		for range 2 {
			got, err := s.subject("orders", test.record)
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, test.want) || err == nil && got != test.want {
				t.Errorf("%+v: %q", test, got)
			}
		}
	}
	s := &Session{role: connect.RoleValue}
	for _, topic := range []string{"a", "b", "a"} {
		if got, err := s.subject(topic, ""); err != nil || got != topic+"-value" {
			t.Errorf("%q: %q, %v", topic, got, err)
		}
	}
}

// A question that takes long keeps its caller for a moment only, and is not
// put a second time.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := openMock("patience")
		defer DropMock("patience")
		id, err := m.register(t.Context(), "a", sr.Schema{Schema: stringSchema}, false)
		if err != nil {
			t.Fatal(err)
		}
		slow := &slowBackend{mock: m, takes: minute}
		s := &Session{kind: Avro, backend: slow, pending: map[question]*asked{}}
		for begun := time.Now(); ; {
			got, err := s.Read(id)
			if err == nil {
				if took := time.Since(begun); took != minute || slow.asked != 1 || got.Text != stringSchema {
					t.Errorf("%v, asked %d times", took, slow.asked)
				}
				return
			}
			has(t, err, "away", "no answer for 2s")
		}
	})
}

// A subject's latest version is looked up again when its time is over.
func TestLatestExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		DropMock("latest")
		o := Options{SchemaRegistry: Registry{URL: []string{"mock://latest"}, LatestCacheTTL: minute}, AutoRegisterSchemas: true}
		s, err := Open(o, Avro, connect.RoleValue)
		if err != nil {
			t.Fatal(err)
		}
		expect := func(text string) {
			t.Helper()
			if got, err := s.Latest("t", ""); err != nil || got.Text != text {
				t.Fatalf("%+v, %v", got, err)
			}
		}
		if _, err := s.Latest("t", ""); err == nil {
			t.Fatal("nothing is there")
		}
		if _, err := s.Write("t", "", Schema{Text: stringSchema}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Latest("t", ""); err == nil {
			t.Fatal("the refusal was not kept")
		}
		time.Sleep(refusalLife)
		expect(stringSchema)
		if _, err := s.Write("t", "", Schema{Text: userSchema}); err != nil {
			t.Fatal(err)
		}
		expect(stringSchema)
		s.answers.young, s.answers.old = nil, nil
		expect(stringSchema) // which was asked last, so that none looks for it
		time.Sleep(minute)
		expect(userSchema)
	})
}

// However many ids a topic names, memory is bounded; what is in use stays.
func TestMemoryIsBounded(t *testing.T) {
	var m memory
	used := question{what: whatID, id: -1}
	m.put(used, Schema{Text: "used"}, nil, 0)
	for i := range 100_000 {
		m.put(question{what: whatID, id: i}, Schema{ID: i}, nil, 0)
		if i%500 == 0 {
			if a, ok := m.get(used); !ok || a.schema.Text != "used" {
				t.Fatalf("what is in use was forgotten after %d others", i)
			}
		}
	}
	if n := len(m.young) + len(m.old); n > 2*memorySize {
		t.Errorf("%d answers are kept", n)
	}
	big := strings.Repeat("x", 1<<20)
	for i := range 1000 {
		m.put(question{what: whatID, id: i}, Schema{Text: big[:len(big)-i]}, nil, 0)
	}
	if n := len(m.young) + len(m.old); n > 2*(memoryText>>20)+2 {
		t.Errorf("%d answers of 1 MiB are kept", n)
	}
}

func TestHeader(t *testing.T) {
	data := append(AppendHeader([]byte("x"), 258), "rest"...)
	id, rest, err := CutHeader(data[1:])
	if err != nil || id != 258 || string(rest) != "rest" {
		t.Errorf("%d %q %v", id, rest, err)
	}
	for data, want := range map[string]string{
		"": "is empty", "{}": "looks like JSON", "\x01\x00\x00\x00\x01": "0x01", "\x00\x00\x00": "ends after 3 bytes",
	} {
		if _, _, err := CutHeader([]byte(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func FuzzCutHeader(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01\x02body"))
	f.Fuzz(func(t *testing.T, data []byte) {
		id, rest, err := CutHeader(data)
		if err == nil && (len(rest) != len(data)-5 || uint32(int32(id)) != binary.BigEndian.Uint32(data[1:])) {
			t.Errorf("id %d, %d bytes left of %d", id, len(rest), len(data))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	DropMock("bench")
	s, err := Open(Options{SchemaRegistry: Registry{URL: []string{"mock://bench"}}, AutoRegisterSchemas: true}, Avro, connect.RoleValue)
	if err != nil {
		b.Fatal(err)
	}
	own := Schema{Text: userSchema}
	got, err := s.Write("t", "User", own)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = s.Read(got.ID)
		}
	})
	b.Run("Write", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = s.Write("t", "User", own)
		}
	})
}
