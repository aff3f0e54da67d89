package postgres_test

import (
	"maps"
	"strings"
	"testing"
)

// TestCaptureOwner starts with a position of another slot, and of another server:
// both are refused, and go on as far as they can where that is allowed.
func TestCaptureOwner(t *testing.T) {
	d := adminDatabase(t)
	s := d.source()
	first := d.streaming(s)
	_ = first.task.Close()
	d.exec("INSERT INTO t VALUES (3)")

	moved := s
	moved.SlotName += "_moved"
	err := d.resume(moved, first.offset).fails()
	for _, want := range []string{"slotName", s.SlotName + `"`, moved.SlotName + `"`, "pg_copy_logical_replication_slot", "allowIdentityChange"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s: %v", want, err)
		}
	}
	moved.AllowIdentityChange = true
	if err := d.resume(moved, first.offset).fails(); !strings.Contains(err.Error(), "gone") {
		t.Errorf("it may be another slot, and there is none: %v", err)
	}
	d.exec("SELECT pg_copy_logical_replication_slot('" + s.SlotName + "', '" + moved.SlotName + "')")
	second := d.resume(moved, first.offset)
	second.until(second.has("3"))
	if got := strings.Join(second.ids(), " "); got != "3" {
		t.Errorf("got %s", got)
	}
	_ = second.task.Close()

	moved.AllowIdentityChange = false
	elsewhere := maps.Clone(second.offset)
	elsewhere["kcgen_system"] = "7000000000000000001"
	if err := d.resume(moved, elsewhere).fails(); !strings.Contains(err.Error(), "7000000000000000001") {
		t.Errorf("it failed otherwise: %v", err)
	}
	moved.AllowIdentityChange = true
	anew := d.resume(moved, elsewhere)
	anew.until(anew.has("3"))
	if got := strings.Join(anew.ids(), " "); got != "1 2 3" {
		t.Errorf("got %s", got)
	}
}
