package mysql_test

import (
	"log/slog"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest"
)

// others are offsets of another topicPrefix.
type others struct{ offsets }

func (others) Partitions() []*connect.SourcePartition {
	return []*connect.SourcePartition{connect.Partition("server", "other")}
}

// TestAnotherPrefix refuses to begin anew for another topicPrefix, unless that is
// allowed.
func TestAnotherPrefix(t *testing.T) {
	s := servertest.SharedMariaDB(t)
	for _, allowed := range []bool{false, true} {
		src := captureOf(t, s, s.Database(t).Name)
		src.AllowIdentityChange = allowed
		tasks, err := src.Tasks(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		err = tasks[0].Open(t.Context(), connect.SourceContext{Offsets: others{}, Log: slog.New(slog.DiscardHandler), Journals: memory{}})
		_ = tasks[0].Close()
		if allowed != (err == nil) || err != nil && !strings.Contains(err.Error(), `topicPrefix is "p"`) {
			t.Errorf("allowed %v: %v", allowed, err)
		}
	}
}
