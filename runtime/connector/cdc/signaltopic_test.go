package cdc

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
)

// fakeJournal fails every other time.
type fakeJournal struct {
	entries []connect.JournalEntry
	calls   int
}

func (j *fakeJournal) Read(_ context.Context, from int64, each func(connect.JournalEntry) error) (int64, error) {
	if j.calls++; j.calls%2 == 0 {
		return from, errors.New("away")
	}
	for i := from; i < int64(len(j.entries)); i++ {
		e := j.entries[i]
		e.Offset = i
		if err := each(e); err != nil {
			return i, err
		}
	}
	return int64(len(j.entries)), nil
}

func (j *fakeJournal) Append(context.Context, ...connect.JournalEntry) error { return nil }

func TestSignalTopic(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	entry := func(key, value string) connect.JournalEntry {
		return connect.JournalEntry{Key: []byte(key), Value: []byte(value)}
	}
	j := &fakeJournal{entries: []connect.JournalEntry{
		entry("p", `{"type":"log","data":{"message":"0"}}`),
		entry("q", `{"type":"log","data":{"message":"of another"}}`),
		entry("p", `no JSON`),
		entry("p", `{"type":"log","data":"{\"message\":\"3\"}"}`),
	}}
	s := &SignalTopic{Journal: j, Prefix: "p", Every: time.Millisecond, Log: slog.New(slog.DiscardHandler)}
	signals := s.Watch(ctx)
	for _, want := range []string{"0", "3"} {
		g := <-signals
		if g.Message != want {
			t.Errorf("got %q, want %q", g.Message, want)
		}
		s.Handled(g)
	}
	cancel()
	for range signals {
		t.Error("a signal comes twice")
	}
	o := connect.SourceOffset{}
	s.Store(o)
	if o[signalOffset] != int64(4) {
		t.Errorf("offset %v", o)
	}
	other := &SignalTopic{}
	other.Load(o)
	if other.next != 4 {
		t.Error(other.next)
	}
}
