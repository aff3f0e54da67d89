package postgres_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// notes are the notifications that were told, each as its type and what it is of.
func (l *life) notes() (all []string) {
	l.Helper()
	for _, r := range l.records {
		if r.Topic != "notes" {
			continue
		}
		var v struct {
			Payload struct {
				Type  string
				About string            `json:"aggregate_type"`
				Data  map[string]string `json:"additional_data"`
			}
		}
		if err := json.Unmarshal(r.Value, &v); err != nil {
			l.Fatal(err)
		}
		d := v.Payload.Data
		words := []string{v.Payload.About + ":", v.Payload.Type}
		for _, key := range []string{"current_collection_in_progress", "scanned_collection", "total_rows_scanned", "status", "last_processed_key"} {
			if d[key] != "" {
				words = append(words, d[key])
			}
		}
		if d["connector_name"] != "postgres_types" {
			l.Errorf("the data are %v", d)
		}
		all = append(all, strings.Join(words, " "))
	}
	return all
}

// TestNotifications tells how far a snapshot at the start is, and one by signal.
func TestNotifications(t *testing.T) {
	d, s := signalling(t, 9)
	s.SnapshotMode, s.NotificationEnabledChannels, s.NotificationSinkTopicName = "initial", []string{"sink", "log"}, "notes"
	d.exec("TRUNCATE two")
	l := d.capture(s)
	l.untilStreaming(d)
	l.untilMark(d)
	want := []string{
		"Initial Snapshot: STARTED",
		"Initial Snapshot: IN_PROGRESS public.t",
		"Initial Snapshot: IN_PROGRESS public.two",
		"Initial Snapshot: TABLE_SCAN_COMPLETED public.two 0 SUCCEEDED",
		"Initial Snapshot: TABLE_SCAN_COMPLETED public.t 9 SUCCEEDED",
		"Initial Snapshot: COMPLETED",
	}
	if diff := cmp.Diff(want, l.notes()); diff != "" {
		t.Error(diff)
	}
	had := len(want)
	d.signal("a", "execute-snapshot", `{"data-collections": ["public.t", "public.two"]}`)
	l.until(func() bool {
		all := l.notes()
		return strings.HasSuffix(all[len(all)-1], "Incremental Snapshot: COMPLETED")
	})
	want = []string{
		"Incremental Snapshot: STARTED",
		"Incremental Snapshot: IN_PROGRESS public.t 7",
		"Incremental Snapshot: IN_PROGRESS public.t 9",
		"Incremental Snapshot: TABLE_SCAN_COMPLETED public.t 9 SUCCEEDED",
		"Incremental Snapshot: TABLE_SCAN_COMPLETED public.two 0 EMPTY",
		"Incremental Snapshot: COMPLETED",
	}
	if diff := cmp.Diff(want, l.notes()[had:]); diff != "" {
		t.Error(diff)
	}
	_ = l.task.Close()
	again := d.resume(s, l.offset)
	again.until(func() bool { return len(again.notes()) > 0 })
	if got := again.notes()[0]; got != "Initial Snapshot: SKIPPED" {
		t.Errorf("at the next start: %s", got)
	}
}
