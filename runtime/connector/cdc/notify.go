package cdc

import (
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
)

// What notifications are about.
const (
	InitialSnapshot      = "Initial Snapshot" // also of one by signal for which the stream waits
	IncrementalSnapshots = "Incremental Snapshot"
)

// The types of notifications.
const (
	Started            = "STARTED"
	InProgress         = "IN_PROGRESS"
	TableScanCompleted = "TABLE_SCAN_COMPLETED"
	Completed          = "COMPLETED"
	Aborted            = "ABORTED"
	Paused             = "PAUSED"
	Resumed            = "RESUMED"
	Skipped            = "SKIPPED"
)

// The keys of a notification's data.
const (
	DataCollections   = "data_collections"
	ScannedCollection = "scanned_collection"
	CurrentCollection = "current_collection_in_progress"
	TotalRows         = "total_rows_scanned"
	ScanStatus        = "status"

	notedConnector = "connector_name"
	notedMaximum   = "maximum_key"
	notedLast      = "last_processed_key"
)

// How the scan of a table has ended.
const (
	scanSucceeded = "SUCCEEDED"
	scanEmpty     = "EMPTY"
	scanSkipped   = "SKIPPED"
)

// Notification is what a capture tells of itself: how far a snapshot is.
type Notification struct {
	ID    string // "": one of its own
	About string // InitialSnapshot, IncrementalSnapshots
	Type  string
	Data  map[string]string
}

// Scanned is the notification of a table that a snapshot has read.
func Scanned(about string, table string, tables []string, rows int64) Notification {
	return scanned(about, table, tables, rows, scanSucceeded)
}

func scanned(about string, table string, tables []string, rows int64, status string) Notification {
	return Notification{About: about, Type: TableScanCompleted, Data: map[string]string{
		ScannedCollection: table, DataCollections: strings.Join(tables, ","), TotalRows: strconv.FormatInt(rows, 10), ScanStatus: status,
	}}
}

// Notifier tells notifications where somebody wants them: as records of a topic,
// and in the log. The zero one tells nobody. It may be used by whoever has the
// batch.
type Notifier struct {
	topic  string
	prefix string
	log    *slog.Logger
}

// NewNotifier is the notifier for some channels: "sink", which takes a topic, and
// "log".
func NewNotifier(channels []string, topic, prefix string, log *slog.Logger) (n Notifier, err error) {
	n.prefix = prefix
	if slices.Contains(channels, "log") {
		n.log = log
	}
	if slices.Contains(channels, "sink") {
		n.topic = topic
		if topic == "" {
			return n, connect.OptionErrorf("notificationSinkTopicName", "cdc: it is missing, and notificationEnabledChannels has \"sink\"")
		}
	}
	return n, nil
}

var (
	notificationKey = connect.NewStruct().Name("io.debezium.connector.common.NotificationKey").Version(1).
			Field("id", connect.StringSchema).MustBuild()
	notificationData  = connect.NewMap(connect.StringSchema, connect.StringSchema).Optional().MustBuild()
	notificationValue = connect.NewStruct().Name("io.debezium.connector.common.Notification").Version(1).
				Field("id", connect.StringSchema).
				Field("type", connect.StringSchema).
				Field("aggregate_type", connect.StringSchema).
				Field("additional_data", notificationData).
				Field("timestamp", connect.Int64Schema).MustBuild()
)

// Silent reports whether nobody is told anything.
func (n *Notifier) Silent() bool { return n.topic == "" && n.log == nil }

// Tell adds a notification to a batch, and to the log.
func (n *Notifier) Tell(b *connect.Batch, of Notification) {
	if n.Silent() {
		return
	}
	if of.ID == "" {
		of.ID = runID(time.Now())
	}
	data := maps.Clone(of.Data)
	if data == nil {
		data = map[string]string{}
	}
	data[notedConnector] = n.prefix
	if n.log != nil {
		n.log.Info("notification", "id", of.ID, "about", of.About, "type", of.Type, "data", data)
	}
	if n.topic != "" {
		n.record(b.Add(), of, data)
	}
}

func (n *Notifier) record(r *connect.Record, of Notification, data map[string]string) {
	r.Topic = n.topic
	id := connect.String(of.ID)
	key := &connect.Struct{Schema: notificationKey, Slots: []connect.Value{id}}
	r.Key = connect.Datum{Schema: notificationKey, Value: key.Value()}
	more := connect.MapOf()
	for _, k := range slices.Sorted(maps.Keys(data)) {
		more.Put(connect.String(k), connect.String(data[k]))
	}
	value := &connect.Struct{Schema: notificationValue, Slots: []connect.Value{
		id, connect.String(of.Type), connect.String(of.About), more.Value(), connect.Int64(time.Now().UnixMilli()),
	}}
	r.Value = connect.Datum{Schema: notificationValue, Value: value.Value()}
}
