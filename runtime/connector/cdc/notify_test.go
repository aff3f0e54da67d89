package cdc

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

func TestNotifier(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	n, err := NewNotifier([]string{"sink", "log"}, "notes", "shop", logger)
	if err != nil {
		t.Fatal(err)
	}
	var b connect.Batch
	of := Scanned(InitialSnapshot, "public.t", []string{"public.t", "public.u"}, 7)
	of.ID = "a"
	n.Tell(&b, of)
	if len(b.Records) != 1 || b.Records[0].Topic != "notes" {
		t.Fatalf("%d records", len(b.Records))
	}
	codec, err := convert.JSON{}.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	r := &b.Records[0]
	if err := connect.Validate(r.Value.Schema, r.Value.Value); err != nil {
		t.Error(err)
	}
	text, err := codec.Encode(new(connect.Buffer), r.Topic, r.Value)
	if err != nil {
		t.Fatal(err)
	}
	got, _, _ := strings.Cut(string(text), `,"timestamp":`)
	want := `{"id":"a","type":"TABLE_SCAN_COMPLETED","aggregate_type":"Initial Snapshot","additional_data":{"connector_name":"shop","data_collections":"public.t,public.u","scanned_collection":"public.t","status":"SUCCEEDED","total_rows_scanned":"7"}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !strings.Contains(log.String(), "TABLE_SCAN_COMPLETED") {
		t.Errorf("the log: %s", &log)
	}
	var silent Notifier
	if silent.Tell(&b, of); len(b.Records) != 1 {
		t.Error("it tells those who have not asked")
	}
	if _, err := NewNotifier([]string{"sink"}, "", "shop", logger); err == nil || !strings.Contains(err.Error(), "notificationSinkTopicName") {
		t.Errorf("without a topic: %v", err)
	}
}
