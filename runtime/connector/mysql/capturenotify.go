package mysql

import (
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// notify has a notification told with the next records.
func (t *captureTask) notify(n cdc.Notification) {
	if !t.notifier.Silent() {
		t.notes = append(t.notes, n)
	}
}

// notifySnapshot tells how far the snapshot is; table is the one at hand, or "".
func (t *captureTask) notifySnapshot(kind, table string) {
	n := cdc.Notification{About: cdc.InitialSnapshot, Type: kind}
	if table != "" {
		n.Data = map[string]string{cdc.CurrentCollection: table, cdc.DataCollections: strings.Join(t.snapshot.at.order, ",")}
	}
	t.notify(n)
}

// tellNotes adds the notifications that wait.
func (t *captureTask) tellNotes(b *connect.Batch) {
	for _, n := range t.notes {
		t.notifier.Tell(b, n)
	}
	t.notes = t.notes[:0]
}
