package cdc

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/secret"
)

// people is a table with a key of two columns, the second before the first.
func people() *Table {
	column := func(name string, s *connect.Schema, text bool) Column {
		return Column{Name: name, Schema: s, Text: text, TypeName: "varchar", Length: 40, Scale: Unset}
	}
	return &Table{ID: TableID{Schema: "shop", Table: "people"}, Key: []int{2, 0}, Columns: []Column{
		column("id", connect.Int32Schema, false),
		column("name", connect.OptionalStringSchema, true),
		column("land", connect.StringSchema, true),
		{Name: "odd", Schema: nil},
		{Name: "photo", Schema: connect.OptionalBytesSchema, TypeName: "bytea", Length: Unset, Scale: Unset},
	}}
}

func person(id int32, name, land string) []connect.Value {
	return []connect.Value{connect.Int32(id), connect.String(name), connect.String(land), connect.Null, connect.Bytes([]byte("12345"))}
}

func newEmitter(t testing.TB, o Options) (*Emitter, *Layout) {
	t.Helper()
	if o.TopicPrefix == "" {
		o.TopicPrefix = "p"
	}
	e, err := NewEmitter(o, Connector{Name: "fake", Task: "0"}, NewSourceSchema("io.debezium.connector.fake.Source").MustBuild())
	if err != nil {
		t.Fatal(err)
	}
	l, err := e.Layout(people())
	if err != nil {
		t.Fatal(err)
	}
	return e, l
}

// text is a value as Java prints it.
func text(v connect.Value) string {
	if v.IsNull() {
		return "null"
	}
	b, err := connect.AppendJava(nil, v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func TestChanges(t *testing.T) {
	a, b, moved := person(1, "ann", "nl"), person(1, "bob", "nl"), person(1, "ann", "be")
	for _, c := range []struct {
		name    string
		options Options
		change  Change
		want    []string
	}{
		{"create", Options{}, Change{Op: Create, After: a}, []string{"p.shop.people {nl,1} c - ann"}},
		{"read", Options{}, Change{Op: Read, After: a}, []string{"p.shop.people {nl,1} r - ann"}},
		{"update", Options{}, Change{Op: Update, Before: a, After: b}, []string{"p.shop.people {nl,1} u ann bob"}},
		{"update without before", Options{}, Change{Op: Update, After: b}, []string{"p.shop.people {nl,1} u - bob"}},
		{"delete", Options{TombstonesOnDelete: true}, Change{Op: Delete, Before: a}, []string{"p.shop.people {nl,1} d ann -", "p.shop.people {nl,1} tombstone"}},
		{"delete without tombstone", Options{}, Change{Op: Delete, Before: a}, []string{"p.shop.people {nl,1} d ann -"}},
		{"key", Options{TombstonesOnDelete: true}, Change{Op: Update, Before: a, After: moved}, []string{
			"p.shop.people {nl,1} d ann - __debezium.newkey={be,1}",
			"p.shop.people {nl,1} tombstone __debezium.newkey={be,1}",
			"p.shop.people {be,1} c - ann __debezium.oldkey={nl,1}"}},
		{"key, no creates", Options{SkippedOperations: []string{"c"}}, Change{Op: Update, Before: a, After: moved}, []string{"p.shop.people {nl,1} d ann - __debezium.newkey={be,1}"}},
		{"truncate", Options{SkippedOperations: []string{"none"}}, Change{Op: Truncate}, []string{"p.shop.people - t - -"}},
		{"no truncate", Options{}, Change{Op: Truncate}, nil},
		{"unchanged", Options{SkipMessagesWithoutChange: true}, Change{Op: Update, Before: a, After: a}, nil},
		{"unchanged is told", Options{}, Change{Op: Update, Before: a, After: a}, []string{"p.shop.people {nl,1} u ann ann"}},
		{"unchanged is unknown", Options{SkipMessagesWithoutChange: true}, Change{Op: Update, After: a}, []string{"p.shop.people {nl,1} u - ann"}},
		{"unchanged in what is captured", Options{SkipMessagesWithoutChange: true, ColumnExcludeList: []string{`shop\.people\.NAME`}}, Change{Op: Update, Before: a, After: b}, nil},
		{"key by option", Options{MessageKeyColumns: []string{"(.*).people:name"}}, Change{Op: Create, After: a}, []string{"p.shop.people {ann} c - ann"}},
		{"key with a delimiter", Options{TopicDelimiter: "_"}, Change{Op: Create, After: a}, []string{"p_shop_people {nl,1} c - ann"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, l := newEmitter(t, c.options)
			got := short(e, l, c.change)
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// short tells a change by the names in it.
func short(e *Emitter, l *Layout, c Change) (lines []string) {
	var b connect.Batch
	c.Layout, c.Source, c.Now = l, e.Source(time.UnixMilli(5), "db", Streamed), time.UnixMilli(7)
	e.Change(&b, &c)
	for i := range b.Records {
		r := &b.Records[i]
		w := []string{r.Topic, slots(r.Key.Value)}
		if env := r.Value.Value.Struct(); env != nil {
			w = append(w, env.Slots[SlotOp].Str(), name(env.Slots[SlotBefore]), name(env.Slots[SlotAfter]))
		} else {
			w = append(w, "tombstone")
		}
		for _, h := range r.Headers {
			w = append(w, h.Key+"="+slots(h.Value))
		}
		lines = append(lines, strings.Join(w, " "))
	}
	return lines
}

func slots(v connect.Value) string {
	s := v.Struct()
	if s == nil {
		return "-"
	}
	var w []string
	for _, v := range s.Slots {
		w = append(w, text(v))
	}
	return "{" + strings.Join(w, ",") + "}"
}

func name(v connect.Value) string {
	if v.IsNull() {
		return "-"
	}
	return v.Struct().Get("name").Str()
}

func TestColumns(t *testing.T) {
	for _, c := range []struct {
		name    string
		options Options
		column  string
		want    string // the value, and the schema's parameters
	}{
		{"as it is", Options{}, "name", "ann"},
		{"masked", Options{ColumnMaskWithChars: map[string]int{`shop\.people\.name`: 3}}, "name", "*** masked=true"},
		{"a number is not masked", Options{ColumnMaskWithChars: map[string]int{`.*`: 3}}, "id", "1 masked=true"},
		{"cut", Options{ColumnTruncateToChars: map[string]int{`.*\.name`: 2}}, "name", "an truncateLength=2"},
		{"short enough", Options{ColumnTruncateToChars: map[string]int{`.*\.name`: 40}}, "name", "ann"},
		{"the first rule holds", Options{ColumnTruncateToChars: map[string]int{`.*\.name`: 2}, ColumnMaskWithChars: map[string]int{`.*`: 3}}, "name", "an truncateLength=2"},
		{"type", Options{ColumnPropagateSourceType: []string{".*name"}}, "name", "ann __debezium.source.column.type=VARCHAR __debezium.source.column.length=40 __debezium.source.column.name=name"},
		{"type by type", Options{DatatypePropagateSourceType: []string{`.*\.bytea`}}, "name", "ann"},
		{"excluded", Options{ColumnExcludeList: []string{`shop\.people\.name`}}, "name", "none"},
		{"included", Options{ColumnIncludeList: []string{`shop\.people\.id`}}, "name", "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, l := newEmitter(t, c.options)
			got := column(e, l, c.column)
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func column(e *Emitter, l *Layout, name string) string {
	i := l.Value.FieldIndex(name)
	if i < 0 {
		return "none"
	}
	v := e.row(l.Value, l.value, person(1, "ann", "nl")).Struct().Slots[i]
	w := text(v)
	for _, p := range l.Value.Fields()[i].Schema.Params() {
		w += " " + p.Key + "=" + p.Value
	}
	return w
}

// TestHashes has what Debezium 3.7.0 gave for a column secret text and a column
// note varchar(50).
func TestHashes(t *testing.T) {
	for _, c := range []struct {
		form      textForm
		algorithm string
		length    int
		text      string
		want      string
	}{
		{javaText, "SHA-256", 2147483647, "geheim", "d3e38e1a574e5d85788250403941f8e51b004e83813002a845052c11b1f1de18"},
		{javaText, "SHA-256", 2147483647, "", "7b061bc77caec9afdc6b986ab6c4de894d58006b32ac0f7ea728404a5cf3a9e5"},
		{plainText, "SHA-512", 50, "nötig", "49be0a84ab1bb258daaac60a0f04a336fe2f301e72359b66f1"},
		{plainText, "SHA-512", 50, "", "af1475ab68af53181f7385b1c13bdf73c29fb64603e03d9832"},
	} {
		m, err := hashing(Hash{Algorithm: c.algorithm, Salt: salt(t)}, c.form)
		if err != nil {
			t.Fatal(err)
		}
		column := &Column{Text: true, Length: c.length}
		if got := m.change(column)(connect.String(c.text)).Str(); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
		if got := m.change(column)(connect.Null); !got.IsNull() {
			t.Error("null has a hash")
		}
	}
}

// salt is the secret with which they were made.
func salt(t *testing.T) secret.Secret {
	t.Helper()
	file := filepath.Join(t.TempDir(), "salt")
	if err := os.WriteFile(file, []byte("CzQMA0cB5K"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := secret.Ref("${dir:" + filepath.Dir(file) + ":salt}")
	if err := secret.Resolve(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestNulls has a row of which the log tells the key alone.
func TestNulls(t *testing.T) {
	e, l := newEmitter(t, Options{})
	var b connect.Batch
	before := []connect.Value{connect.Int32(1), connect.Null, connect.Null, connect.Null, connect.Null}
	e.Change(&b, &Change{Op: Delete, Layout: l, Before: before, Source: e.Source(time.UnixMilli(5), "db", Streamed), Now: time.UnixMilli(7)})
	env := b.Records[0].Value.Value.Struct()
	if got := slots(b.Records[0].Key.Value) + slots(env.Slots[SlotBefore]); got != "{,1}{1,null,,null}" {
		t.Errorf("got %s", got)
	}
}

func TestTransactions(t *testing.T) {
	e, l := newEmitter(t, Options{ProvideTransactionMetadata: true})
	var b connect.Batch
	at := time.UnixMilli(9)
	e.Begin(&b, "7", at)
	for range 2 {
		e.Change(&b, &Change{Op: Create, Layout: l, After: person(1, "a", "b"), Source: e.Source(at, "db", Streamed), Now: at, Transaction: "7", At: at})
	}
	o := connect.SourceOffset{}
	e.Transaction.Store(o)
	if len(o) != 2 || o["transaction_id"] != "7" || o["transaction_data_collection_order_shop.people"] != int64(2) {
		t.Errorf("offset %v", o)
	}
	e.Transaction.Load(o)
	e.Begin(&b, "7", at) // again, after a restart
	e.Change(&b, &Change{Op: Create, Layout: l, After: person(1, "a", "b"), Source: e.Source(at, "db", Streamed), Now: at, Transaction: "8", At: at})
	e.End(&b, at)
	e.End(&b, at)
	var got []string
	for i := range b.Records {
		r := &b.Records[i]
		if env := r.Value.Value.Struct(); env.Schema == l.Envelope {
			got = append(got, "change "+slots(env.Slots[SlotTransaction]))
		} else {
			got = append(got, r.Topic+" "+slots(r.Key.Value)+" "+slots(r.Value.Value))
		}
	}
	want := []string{
		"p.transaction {7} {BEGIN,7,null,null,9}", "change {7,1,1}", "change {7,2,2}",
		"p.transaction {7} {END,7,2,[Struct{data_collection=shop.people,event_count=2}],9}",
		"p.transaction {8} {BEGIN,8,null,null,9}", "change {8,1,1}",
		"p.transaction {8} {END,8,1,[Struct{data_collection=shop.people,event_count=1}],9}",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestHeartbeat(t *testing.T) {
	for want, o := range map[string]Options{"__debezium-heartbeat.p": {}, "beat": {TopicHeartbeatName: "beat"}, "b-p": {TopicHeartbeatPrefix: "b", TopicDelimiter: "-"}} {
		e, _ := newEmitter(t, o)
		var b connect.Batch
		e.Heartbeat(&b, time.UnixMilli(3))
		r := &b.Records[0]
		if r.Topic != want || r.Partition != 0 || slots(r.Key.Value) != "{p}" || slots(r.Value.Value) != "{3}" {
			t.Errorf("%s %d %s %s, want topic %s", r.Topic, r.Partition, slots(r.Key.Value), slots(r.Value.Value), want)
		}
	}
}

func TestLayoutStays(t *testing.T) {
	e, l := newEmitter(t, Options{})
	if again, _ := e.Layout(people()); again != l {
		t.Error("the same table has another layout")
	}
	other := people()
	other.Columns[1].Schema = connect.StringSchema
	if l2, _ := e.Layout(other); l2 == l {
		t.Error("another table has the same layout")
	}
	if l.Uses(3) || !l.Uses(2) {
		t.Error("a column without a schema is used, or one of the key is not")
	}
}

func TestBadOptions(t *testing.T) {
	for option, o := range map[string]Options{
		"tableIncludeList":         {TableIncludeList: []string{"("}},
		"columnExcludeList":        {ColumnExcludeList: []string{"*"}},
		"messageKeyColumns":        {MessageKeyColumns: []string{"a"}},
		"skippedOperations":        {SkippedOperations: []string{"x"}},
		"schemaNameAdjustmentMode": {SchemaNameAdjustmentMode: "x"},
		"columnMaskHash":           {ColumnMaskHash: []Hash{{Algorithm: "MD6"}}},
		"columnMaskWithChars":      {ColumnMaskWithChars: map[string]int{"(": 1}},
	} {
		_, err := NewEmitter(o, Connector{}, NewSourceSchema("s").MustBuild())
		if err == nil || !strings.HasPrefix(err.Error(), option+": cdc: ") {
			t.Errorf("%s: %v", option, err)
		}
	}
}

func BenchmarkChange(b *testing.B) {
	e, l := newEmitter(b, Options{ExtendedHeadersEnabled: true})
	var batch connect.Batch
	before, after := person(1, "ann", "nl"), person(1, "bob", "nl")
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if len(batch.Records) >= 2048 {
			batch.Reset()
		}
		e.Change(&batch, &Change{Op: Update, Layout: l, Before: before, After: after, Source: e.Source(now, "db", Streamed), Now: now})
	}
}
