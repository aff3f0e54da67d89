package mysql_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/servertest"
)

// memory is journals without Kafka.
type memory map[string]*memoryJournal

func (m memory) Journal(topic string) (connect.Journal, error) {
	if m[topic] == nil {
		m[topic] = &memoryJournal{}
	}
	return m[topic], nil
}

type memoryJournal struct{ entries []connect.JournalEntry }

func (j *memoryJournal) Append(_ context.Context, entries ...connect.JournalEntry) error {
	j.entries = append(j.entries, entries...)
	return nil
}

func (j *memoryJournal) Read(_ context.Context, from int64, each func(connect.JournalEntry) error) (int64, error) {
	for i, e := range j.entries[min(int(from), len(j.entries)):] {
		e.Offset = from + int64(i)
		if err := each(e); err != nil {
			return 0, err
		}
	}
	return int64(len(j.entries)), nil
}

// offsets is the offset that a task begins with.
type offsets struct{ connect.SourceOffset }

func (o offsets) Offset(*connect.SourcePartition) connect.SourceOffset { return o.SourceOffset }

// capturing runs a capture.
type capturing struct {
	t       testing.TB
	src     mysql.Source
	task    connect.SourceTask
	journal memory
	records []captured
	offset  connect.SourceOffset
	marks   []connect.SourceOffset // all of them
}

// captured is a record as JSON with its schemas.
type captured struct {
	topic      string
	key, value any
	headers    int
	raw        connect.Record
}

func newCapturing(t testing.TB, src mysql.Source) *capturing {
	c := &capturing{t: t, src: src, journal: memory{}}
	t.Cleanup(c.close)
	return c
}

func (c *capturing) open() error {
	c.t.Helper()
	tasks, err := c.src.Tasks(c.t.Context(), 1)
	if err != nil {
		c.t.Fatal(err)
	}
	c.task = tasks[0]
	return c.task.Open(c.t.Context(), connect.SourceContext{Name: "capture", Offsets: offsets{c.offset}, Log: slog.New(slog.DiscardHandler), Journals: c.journal})
}

func (c *capturing) close() {
	if c.task != nil {
		_ = c.task.Close()
		c.task = nil
	}
}

// poll takes one batch.
func (c *capturing) poll() (int, error) {
	var b connect.Batch
	if err := c.task.Poll(c.t.Context(), &b); err != nil {
		return 0, err
	}
	for _, m := range b.Marks() {
		c.offset = m.Offset
		c.marks = append(c.marks, m.Offset)
	}
	for i := range b.Records {
		c.records = append(c.records, c.json(&b.Records[i]))
	}
	return len(b.Records), nil
}

// until polls until so many records came that the test asks for.
func (c *capturing) until(done func() bool) {
	c.t.Helper()
	deadline := time.Now().Add(servertest.Patience)
	for !done() {
		if _, err := c.poll(); err != nil {
			c.t.Fatal(err)
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("after %d records nothing comes", len(c.records))
		}
	}
}

var jsonConverter = convert.JSON{SchemasEnable: true}

func (c *capturing) json(r *connect.Record) captured {
	c.t.Helper()
	out := captured{topic: r.Topic, headers: len(r.Headers), raw: *r}
	var buf connect.Buffer
	for _, part := range []struct {
		role connect.Role
		d    connect.Datum
		to   *any
	}{{connect.RoleKey, r.Key, &out.key}, {connect.RoleValue, r.Value, &out.value}} {
		codec, err := jsonConverter.Open(part.role)
		if err != nil {
			c.t.Fatal(err)
		}
		data, err := codec.Encode(&buf, r.Topic, part.d)
		if err != nil {
			c.t.Fatalf("topic %s: %v", r.Topic, err)
		}
		*part.to = parseJSON(c.t, data)
	}
	return out
}

// parseJSON keeps numbers as they are written.
func parseJSON(t testing.TB, data []byte) any {
	t.Helper()
	if data == nil {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return v
}

// recorded is what Debezium has made of the same.
type recorded struct {
	Prefix     string
	Properties map[string]string
	Topic      string
	Key, Value any
	OffsetKey  any
}

func readRecorded(t *testing.T, file string) (all []recorded) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.UseNumber()
		var r recorded
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// changing are fields of records that differ from run to run, and those of the
// position where servers differ.
var changing = []string{"version", "ts_ms", "ts_us", "ts_ns", "file", "pos", "gtid", "thread", "server_id", "ts_now"}

// scrub takes from a record what differs from run to run. TINYINT became INT8 with
// Debezium 3.7, of which there is no recording yet.
func scrub(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range changing {
			switch v[k].(type) {
			case string, json.Number:
				if !(k == "version" && v["type"] != nil) {
					v[k] = "*"
				}
			}
		}
		if v["jdbcType"] == json.Number("-6") {
			v["jdbcType"] = json.Number("5")
		}
		if f, ok := v["field"].(string); ok && slices.Contains([]string{"t1", "tb", "b", "t1_d", "tb_d", "b_d"}, f) && v["type"] == "int8" {
			v["type"] = "int16"
		}
		if v["name"] == "io.debezium.data.geometry.Geometry" {
			v["version"], v["fields"] = "*", "*"
		}
		if v["wkb"] != nil && v["extensions"] == nil {
			delete(v, "extensions")
		}
		if v["tableChanges"] != nil {
			delete(v["source"].(map[string]any), "row") // of the rows before it, which the recording has more of
		}
		if v["field"] == "ts_d" {
			delete(v, "default") // see isDefinition
		}
		for _, k := range []string{"dt", "dt1", "dt3", "dt6"} {
			if n, ok := v[k].(json.Number); ok && len(n) > 17 && v["note"] != "leap" && v["note"] != "leap!" {
				v[k] = nil // nanoseconds beyond 64 bits, which MariaDB's connector wrapped before 3.7
			}
		}
		if v["snapshot"] == "last" {
			v["snapshot"] = "last_in_data_collection" // the recording has another table behind
		}
		if v["primaryKeyColumnNames"] != nil {
			delete(v, "comment") // MariaDB's parser takes comments of tables by chance
		}
		if v["e"] == `b\,c` {
			v["e"] = "b,c" // it was escaped before 3.7
		}
		for k := range v {
			v[k] = scrub(v[k])
		}
	case []any:
		for i := range v {
			v[i] = scrub(v[i])
		}
	}
	return v
}

// recordings are what the real connectors gave.
const recordings = "../../servertest/cdc/testdata"

// here are the recordings that TestGolden looks at. TestCapturedColumns has those
// of columns; the others want what a task alone has not (signals, restarts, a
// topic of transactions), and are for TestDifferential of servertest/cdc.
var here = map[string][]string{
	"mariadb": {"types", "changes", "ddl", "names", "zeros"},
	"mysql":   {"types", "changes", "ddl"},
}

// elsewhere are those of these kinds whose options it does not set.
var elsewhere = []string{"changes-transactions", "names-avro", "names-delimiter"}

// TestGolden compares with what Debezium has made of each type, in each mode.
func TestGolden(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		name := "mariadb"
		if strings.HasSuffix(t.Name(), "/mysql") {
			name = "mysql"
		}
		files, err := filepath.Glob(filepath.Join(recordings, name, "*.jsonl.gz"))
		if err != nil || len(files) == 0 {
			t.Fatal("there are no recordings", err)
		}
		for _, f := range files {
			of := strings.TrimSuffix(filepath.Base(f), ".jsonl.gz")
			kind, _, _ := strings.Cut(of, "-")
			if !slices.Contains(here[name], kind) || slices.Contains(elsewhere, of) {
				continue
			}
			script, err := txtar.ParseFile(filepath.Join(recordings, name, kind+".txtar"))
			if err != nil {
				t.Fatal(err)
			}
			t.Run(of, func(t *testing.T) { compareGolden(t, s, script, f) })
		}
	})
}

func compareGolden(t *testing.T, s *servertest.MySQL, script *txtar.Archive, file string) {
	want := readRecorded(t, file)
	props := want[0].Properties
	db := props["database.include.list"]
	s.Exec(t, "", "DROP DATABASE IF EXISTS "+db+"; CREATE DATABASE "+db+" CHARACTER SET utf8mb4")
	sections := map[string]string{}
	for _, f := range script.Files {
		sections[f.Name] = string(f.Data)
	}
	run := func(name string) { s.Exec(t, db, "SET time_zone = '+00:00', sql_mode = ''; "+sections[name]) }
	run("setup.sql")
	c := newCapturing(t, mysql.Source{
		Database: databaseOf(t, s.Admin(db)), TopicPrefix: want[0].Prefix, DatabaseServerID: 5501, SchemaHistoryInternalKafkaTopic: "history",
		DatabaseIncludeList: []string{db}, ColumnIncludeList: list(props["column.include.list"]), TableIncludeList: list(props["table.include.list"]),
		SkippedOperations: list(props["skipped.operations"]), IncludeQuery: props["include.query"] == "true", ProvideTransactionMetadata: props["provide.transaction.metadata"] == "true",
		SkipMessagesWithoutChange: props["skip.messages.without.change"] == "true", SchemaHistoryInternalStoreOnlyCapturedDatabasesDdl: true, TombstonesOnDelete: props["tombstones.on.delete"] != "false", IncludeSchemaChanges: props["include.schema.changes"] != "false",
		EnableTimeAdjuster: props["enable.time.adjuster"] != "false", ExtendedHeadersEnabled: true, IncludeSchemaComments: props["include.schema.comments"] == "true",
		DecimalHandlingMode: props["decimal.handling.mode"], TimePrecisionMode: props["time.precision.mode"], BinaryHandlingMode: props["binary.handling.mode"],
		BigintUnsignedHandlingMode: props["bigint.unsigned.handling.mode"],
	})
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	c.until(func() bool { return c.offset["snapshot"] == nil && c.offset["file"] != nil })
	for _, f := range script.Files {
		switch name := f.Name; {
		case name == "setup.sql" || strings.HasPrefix(name, "properties"):
		case strings.HasSuffix(name, ".restart"):
			c.close()
			run(name)
			if err := c.open(); err != nil {
				t.Fatal(err)
			}
		default:
			run(name)
		}
	}
	var topics = map[string][]recorded{}
	total := 0
	for _, r := range want[1:] {
		if r.Topic == "" || strings.HasSuffix(r.Topic, "-history") || isMark(r) {
			continue
		}
		topics[r.Topic] = append(topics[r.Topic], r)
		total++
	}
	c.until(func() bool {
		return len(c.records) >= total
	})
	got := map[string][]captured{}
	for _, r := range c.records {
		got[r.topic] = append(got[r.topic], r)
	}
	for topic, records := range topics {
		if len(got[topic]) != len(records) {
			t.Errorf("topic %s has %d records, not %d", topic, len(got[topic]), len(records))
		}
		for i := range min(len(records), len(got[topic])) {
			if isGap(records[i]) || isDefinition(records[i], "times") {
				continue
			}
			for _, d := range slices.Concat(differences("key", scrub(records[i].Key), scrub(got[topic][i].key)), differences("value", scrub(records[i].Value), scrub(got[topic][i].value))) {
				t.Errorf("topic %s, record %d: %s", topic, i, d)
			}
		}
	}
}

// differences are the places in which two documents differ.
func differences(path string, want, got any) (all []string) {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		for k := range g {
			if _, ok := w[k]; !ok {
				all = append(all, fmt.Sprintf("%s.%s: %v, where there is none", path, k, g[k]))
			}
		}
		for k := range w {
			all = append(all, differences(path+"."+k, w[k], g[k])...)
		}
		return all
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			break
		}
		for i := range w {
			name := fmt.Sprint(i)
			if m, ok := w[i].(map[string]any); ok && m["field"] != nil {
				name = fmt.Sprint(m["field"])
			}
			all = append(all, differences(path+"["+name+"]", w[i], g[i])...)
		}
		return all
	}
	if fmt.Sprint(want) != fmt.Sprint(got) {
		all = append(all, fmt.Sprintf("%s: %v, not %v", path, got, want))
	}
	return all
}

// list is an option of several.
func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// isMark is a record of the table by which the recording knew that it was complete.
func isMark(r recorded) bool {
	v, _ := r.Value.(map[string]any)
	p, _ := v["payload"].(map[string]any)
	ddl, _ := p["ddl"].(string)
	return strings.Contains(ddl, "zz_mark") || strings.HasSuffix(r.Topic, "zz_mark")
}

// isGap is the snapshot's row of a day that Java's calendar has not: the Gregorian one
// began on 15 October 1582. Debezium moves it by ten days, in snapshots alone.
func isGap(r recorded) bool {
	v, _ := r.Value.(map[string]any)
	p, _ := v["payload"].(map[string]any)
	after, _ := p["after"].(map[string]any)
	return after["note"] == "gregorian" && p["op"] == "r"
}

// isDefinition is a statement that makes a table. MySQL writes defaults of TIMESTAMP
// in the session's zone, which is Debezium's server's, and ours UTC.
func isDefinition(r recorded, table string) bool {
	v, _ := r.Value.(map[string]any)
	p, _ := v["payload"].(map[string]any)
	ddl, _ := p["ddl"].(string)
	return strings.HasPrefix(ddl, "CREATE TABLE `"+table+"`")
}
