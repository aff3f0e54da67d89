package registry

import (
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"kcgen.dev/runtime/connect"
)

// version asks until there is an answer.
func version(s *Session, topic, record string, id int) (v int, ok bool, err error) {
	_, err = settled(func() (Schema, error) {
		v, ok, err = s.Version(topic, record, id)
		return Schema{}, err
	})
	return v, ok, err
}

func TestVersion(t *testing.T) {
	f := newFake(t)
	f.seed()
	f.SeedSchema("users-value", 1, 7, sr.Schema{Schema: stringSchema})
	f.SeedSchema("users-value", 2, 8, sr.Schema{Schema: `"int"`})
	byName := Options{SubjectNameStrategy: "RecordNameStrategy"}
	for _, tt := range []struct {
		name          string
		options       Options
		topic, record string
		id, want      int
	}{
		{"the second", Options{}, "users", "User", 8, 2},
		{"the first", Options{}, "users", "", 7, 1},
		{"with references", Options{}, "team", "Team", 3, 1},
		{"by the record's name", byName, "any", "user", 1, 1},
		{"another topic", Options{}, "copies", "User", 1, 0},
		{"another schema", Options{}, "team", "User", 1, 0},
		{"no name", byName, "users", "", 7, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f.asked.Store(0)
			s := session(t, tt.options, f.URL())
			for range 3 {
				if got, ok, err := version(s, tt.topic, tt.record, tt.id); err != nil || got != tt.want || ok != (got > 0) {
					t.Fatalf("%d, %v, %v", got, ok, err)
				}
			}
			if n := f.asked.Load(); n > 4 { // the schema, its references, and the version
				t.Errorf("asked %d times", n)
			}
		})
	}
	t.Run("latest", func(t *testing.T) {
		got, err := settled(func() (Schema, error) { return session(t, Options{}, f.URL()).Latest("users", "") })
		if err != nil || got.Version != 2 {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("no such id", func(t *testing.T) {
		_, _, err := version(session(t, Options{}, f.URL()), "users", "User", 99)
		has(t, err, "record", "schema id 99")
	})
	t.Run("away", func(t *testing.T) {
		s := session(t, Options{}, f.URL())
		if _, err := read(s, 8); err != nil {
			t.Fatal(err)
		}
		f.answers(503, "", "")
		_, _, err := version(s, "users", "User", 8)
		has(t, err, "away", "version of schema id 8 under the subject users-value")
		f.answers(0, "", "")
		if got, _, err := version(s, "users", "User", 8); err != nil || got != 2 {
			t.Errorf("%d, %v", got, err)
		}
	})
}

func TestVersionOfMock(t *testing.T) {
	DropMock("version")
	s, err := Open(Options{SchemaRegistry: Registry{URL: []string{"mock://version"}}, AutoRegisterSchemas: true}, Avro, connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{stringSchema, userSchema} {
		if _, err := s.Write("t", "", Schema{Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	for topic, want := range map[string]int{"t": 2, "other": 0} {
		if got, ok, err := s.Version(topic, "", 2); err != nil || got != want || ok != (want > 0) {
			t.Errorf("%s: %d, %v, %v", topic, got, ok, err)
		}
	}
}
