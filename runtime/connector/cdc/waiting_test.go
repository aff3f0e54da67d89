package cdc

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kcgen.dev/runtime/connect"
)

func TestWaitingState(t *testing.T) {
	g, err := ParseSignal("a", ExecuteSnapshot, `{"type": "blocking", "data-collections": ["public.t"], "additional-conditions": [{"data-collection": "public.t", "filter": "SELECT 1"}]}`)
	if err != nil || !g.Blocking {
		t.Fatal(g, err)
	}
	was := Waiting{Blocking, []Signal{g}}
	was.Add(Signal{ID: "b"})
	o := connect.SourceOffset{"lsn": int64(1)}
	was.Store(o)
	is := Waiting{Key: Blocking}
	if err := is.Load(SignalState(o)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(was, is); diff != "" {
		t.Error(diff)
	}
	is.Done()
	is.Done()
	if o = (connect.SourceOffset{}); len(is.Signals) > 0 {
		t.Error("it waits")
	}
	if is.Store(o); len(o) > 0 {
		t.Errorf("the offset has %v", o)
	}
	if err := is.Load(connect.SourceOffset{Blocking: "{"}); err == nil {
		t.Error("what is no JSON is taken")
	}
}
