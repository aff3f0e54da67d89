package mysql_test

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connector/cdc"
	"kcgen.dev/runtime/servertest"
)

// TestNotifications tells of a snapshot by a topic.
func TestNotifications(t *testing.T) {
	s := servertest.SharedMariaDB(t)
	db := s.Database(t).Name
	s.Exec(t, db, "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1), (2)")
	src := captureOf(t, s, db)
	src.NotificationEnabledChannels, src.NotificationSinkTopicName = []string{"sink"}, "told"
	c := newCapturing(t, src)
	for range 2 { // the second time there is none
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		c.until(c.snapshotDone)
		if _, err := c.poll(); err != nil {
			t.Fatal(err)
		}
		c.close()
	}
	var got []string
	for _, r := range c.records {
		if r.topic == "told" {
			more := under(r.value, "payload", "additional_data")
			got = append(got, fmt.Sprintln(under(r.value, "payload", "type"), under(more, cdc.CurrentCollection), under(more, cdc.ScannedCollection), under(more, cdc.TotalRows)))
		}
	}
	want := strings.ReplaceAll(`STARTED <nil> <nil> <nil>
IN_PROGRESS DB.a <nil> <nil>
IN_PROGRESS DB.b <nil> <nil>
TABLE_SCAN_COMPLETED <nil> DB.a 0
TABLE_SCAN_COMPLETED <nil> DB.b 2
COMPLETED <nil> <nil> <nil>
SKIPPED <nil> <nil> <nil>
`, "DB", db)
	if strings.Join(got, "") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, ""), want)
	}
}
