package registry

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"kcgen.dev/runtime/connect"
)

// slowBackend takes its time.
type slowBackend struct {
	*mock
	takes time.Duration
	asked int
}

func (b *slowBackend) byID(ctx context.Context, id int) (sr.Schema, error) {
	b.asked++
	time.Sleep(b.takes)
	return b.mock.byID(ctx, id)
}

// Sessions of one scope share one registry, with ids from 1.
func TestMock(t *testing.T) {
	DropMock("a")
	open := func(scope string, role connect.Role, auto bool) *Session {
		s, err := Open(Options{SchemaRegistry: Registry{URL: []string{"mock://" + scope}}, AutoRegisterSchemas: auto}, Avro, role)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	key, value := open("a", connect.RoleKey, true), open("a", connect.RoleValue, true)
	for i, step := range []struct {
		s    *Session
		own  Schema
		want int
	}{
		{value, Schema{Text: userSchema}, 1},
		{key, Schema{Text: stringSchema}, 2},
		{key, Schema{Text: userSchema}, 1}, // the same schema, the same id
		{value, Schema{Text: orderSchema, References: []Reference{{"User", "t-value", 1}}}, 3},
	} {
		if got, err := step.s.Write("t", "", step.own); err != nil || got.ID != step.want {
			t.Fatalf("step %d: %+v, %v", i, got, err)
		}
	}
	got, err := open("a", connect.RoleValue, false).Latest("t", "")
	if err != nil || got.ID != 3 || len(got.Imports) != 1 || got.Imports[0] != (Import{"User", userSchema}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := open("a", connect.RoleKey, false).Write("t", "", Schema{Text: stringSchema}); err != nil || got.ID != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = open("a", connect.RoleKey, false).Write("t", "", Schema{Text: orderSchema})
	has(t, err, "record", "40403")
	_, err = value.Write("t", "", Schema{Text: orderSchema, References: []Reference{{"User", "t-value", 9}}})
	has(t, err, "record", "42201", "the registry refuses it")
	_, err = value.Read(4)
	has(t, err, "record", "40403")
	_, err = open("b", connect.RoleValue, true).Read(1)
	has(t, err, "record", "40403")
}
