package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/connect"
)

func openJournal(t *testing.T, c *kfake.Cluster, topic string) connect.Journal {
	t.Helper()
	j, err := conn(t, c).Journals().Journal(topic)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// journalText is what a journal holds from an offset on, and where it ends.
func journalText(t *testing.T, j connect.Journal, from int64) (string, int64) {
	t.Helper()
	var parts []string
	next, err := j.Read(within(t), from, func(e connect.JournalEntry) error {
		if e.Millis <= 0 {
			t.Errorf("entry %d has no time", e.Offset)
		}
		parts = append(parts, fmt.Sprintf("%d:%s=%s", e.Offset, e.Key, e.Value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(parts, " "), next
}

func appendTo(t *testing.T, j connect.Journal, values ...string) {
	t.Helper()
	var entries []connect.JournalEntry
	for _, v := range values {
		entries = append(entries, connect.JournalEntry{Value: []byte(v)})
	}
	if err := j.Append(within(t), entries...); err != nil {
		t.Fatal(err)
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	a, b := openJournal(t, c, "history"), openJournal(t, c, "history")
	if text, next := journalText(t, a, 0); text != "" || next != 0 {
		t.Errorf("a topic that is not there holds %q and ends at %d", text, next)
	}
	appendTo(t, a, "one", "two")
	if text, next := journalText(t, b, 0); text != "0:=one 1:=two" || next != 2 {
		t.Errorf("the other reads %q up to %d", text, next)
	}
	appendTo(t, b, "three")
	c.ShufflePartitionLeaders()
	if text, next := journalText(t, a, 2); text != "2:=three" || next != 3 {
		t.Errorf("from 2 on there is %q, up to %d", text, next)
	}
	if text, next := journalText(t, a, 3); text != "" || next != 3 {
		t.Errorf("behind the end there is %q, up to %d", text, next)
	}
	if policy, _, err := conn(t, c).Config(within(t), "history", "retention.ms"); policy != "-1" || err != nil {
		t.Errorf("retention.ms is %s, %v", policy, err)
	}
}

// What a transaction wrote that was not committed is not there.
func TestJournalReadsWhatIsCommitted(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	j := openJournal(t, c, "history")
	appendTo(t, j, "one")
	transaction(t, c, "history", "k", "aborted", kgo.TryAbort)
	transaction(t, c, "history", "k", "committed", kgo.TryCommit)
	if text, next := journalText(t, j, 0); text != "0:=one 3:k=committed" || next != 5 {
		t.Errorf("there is %q, up to %d", text, next)
	}
}

func TestJournalErrors(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	if _, err := conn(t, c).Journals().Journal("a b"); err == nil {
		t.Error("a name that no topic can have was taken")
	}
	if err := conn(t, c).Create(within(t), sharedSpec); err != nil {
		t.Fatal(err)
	}
	many := openJournal(t, c, sharedSpec.Name)
	_, read := many.Read(within(t), 0, func(connect.JournalEntry) error { return nil })
	written := many.Append(within(t), connect.JournalEntry{Value: []byte("x")})
	for _, err := range []error{read, written} {
		if err == nil || !strings.Contains(err.Error(), "shared has 3 partitions") {
			t.Errorf("a topic of several partitions: %v", err)
		}
	}
	j := openJournal(t, c, "history")
	appendTo(t, j, "one", "two")
	enough, n := errors.New("enough"), 0
	_, err := j.Read(within(t), 0, func(connect.JournalEntry) error { n++; return enough })
	if !errors.Is(err, enough) || n != 1 {
		t.Errorf("an error of who reads: %v after %d entries", err, n)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Read(gone, 0, func(connect.JournalEntry) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
}
