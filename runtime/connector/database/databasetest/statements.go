package databasetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

var allKinds = []string{"TABLE", "VIEW"}

// names makes tables and columns of names that need quotes.
func (s Suite) names(t *testing.T) {
	c, d := s.open(t)
	limit := s.NameLimit
	if limit == 0 {
		limit = 60
	}
	for i, name := range []string{
		"plain", "Capital", "with space", "select", "order", `quo"te`, "back`tick", "br]ack[et", "it's", "semi;colon -- x", "dot.ted", "per%cent_", "Ünï漢字", "a\\b",
		"x\"; DROP TABLE canary; --", "$1 ? @p1 :n", strings.Repeat("n", limit),
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			columns := []database.Definition{s.definition(t, d, name, connect.Int32Schema, true), s.definition(t, d, name+"2", connect.OptionalStringSchema, false)}
			if len(name) >= limit {
				columns[1].Name = "other"
			}
			table := s.create(t, c, d, name, []string{name}, columns...)
			keys, others := []string{name}, []string{columns[1].Name}
			Exec(t, c, string(d.AppendInsert(nil, table, append(keys, others...), 2)), int64(1), "one", int64(2), "two")
			Exec(t, c, string(d.AppendUpsert(nil, table, keys, others, 2)), int64(2), "zwei", int64(3), "drei")
			Exec(t, c, string(d.AppendUpdate(nil, table, keys, others)), "drei!", int64(3))
			Exec(t, c, string(d.AppendDelete(nil, table, keys, 1)), int64(1))
			known := Columns(t, c, d, table, database.Mapping{})
			if len(known) != 2 || known[0].Name != name || known[0].Key != 1 || known[1].Key != 0 {
				t.Fatalf("columns %+v", known)
			}
			got := s.dump(t, table, name)
			if want := "2=zwei 3=drei!"; got != want {
				t.Errorf("%s, want %s", got, want)
			}
			tables, err := d.Tables(t.Context(), c, s.Schema, allKinds)
			if err != nil {
				t.Fatal(err)
			}
			if !contains(tables, name) {
				t.Errorf("not among the tables %v", tables)
			}
			parsed, err := d.ParseTable(string(d.AppendIdentifier(nil, name)))
			if err != nil || parsed.Name != name {
				t.Errorf("parsed as %+v (%v)", parsed, err)
			}
		})
	}
}

func contains(tables []database.Table, name string) bool {
	for _, t := range tables {
		if t.Name == name {
			return true
		}
	}
	return false
}

// dump reads a table of a number and a text.
func (s Suite) dump(t *testing.T, table database.Table, orderBy string) string {
	t.Helper()
	c, d := s.open(t)
	query := "SELECT * FROM " + string(database.AppendTable(nil, d, table)) + " ORDER BY " + string(d.AppendIdentifier(nil, orderBy))
	_, rows := Read(t, c, d, database.Mapping{}, nil, query)
	var parts []string
	for _, r := range rows {
		text := r[len(r)-1].Str()
		var numbers []string
		for _, v := range r[:len(r)-1] {
			numbers = append(numbers, fmt.Sprint(v.Int()))
		}
		parts = append(parts, strings.Join(numbers, ",")+"="+text)
	}
	return strings.Join(parts, " ")
}

// upsert of no column but the key leaves what is there.
func (s Suite) upsert(t *testing.T) {
	c, d := s.open(t)
	table := s.create(t, c, d, "upserts", []string{"id"}, s.definition(t, d, "id", connect.Int32Schema, true), s.definition(t, d, "v", connect.OptionalStringSchema, false))
	Exec(t, c, string(d.AppendUpsert(nil, table, []string{"id"}, []string{"v"}, 2)), int64(1), "one", int64(2), "two")
	Exec(t, c, string(d.AppendUpsert(nil, table, []string{"id"}, nil, 2)), int64(2), int64(3))
	if got, want := s.dump(t, table, "id"), "1=one 2=two 3="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	Exec(t, c, string(d.AppendDelete(nil, table, []string{"id"}, 2)), int64(1), int64(2))
	if got, want := s.dump(t, table, "id"), "3="; got != want {
		t.Errorf("after the delete: %s, want %s", got, want)
	}
}

// composite has a key of two columns, one of them a text.
func (s Suite) composite(t *testing.T) {
	c, d := s.open(t)
	table := s.create(t, c, d, "composite", []string{"a", "b"},
		s.definition(t, d, "a", connect.Int32Schema, true), s.definition(t, d, "b", connect.Int64Schema, true), s.definition(t, d, "v", connect.OptionalStringSchema, false))
	keys := []string{"a", "b"}
	Exec(t, c, string(d.AppendUpsert(nil, table, keys, []string{"v"}, 3)), int64(1), int64(1), "x", int64(1), int64(2), "y", int64(2), int64(1), "z")
	Exec(t, c, string(d.AppendUpsert(nil, table, keys, []string{"v"}, 1)), int64(1), int64(2), "Y")
	Exec(t, c, string(d.AppendDelete(nil, table, keys, 2)), int64(1), int64(1), int64(9), int64(9))
	if got, want := s.dump(t, table, "a"), "1,2=Y 2,1=z"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	columns := Columns(t, c, d, table, database.Mapping{})
	if columns[0].Key != 1 || columns[1].Key != 2 || columns[0].Nullable {
		t.Errorf("%+v", columns)
	}
	text := s.create(t, c, d, "textkey", []string{"k"}, s.definition(t, d, "k", connect.StringSchema, true))
	Exec(t, c, string(d.AppendUpsert(nil, text, []string{"k"}, nil, 1)), "ä key")
}

// update changes many rows at once, where that is a way of the database's own.
func (s Suite) update(t *testing.T) {
	c, d := s.open(t)
	bulk, ok := d.(database.BulkUpdate)
	if !ok {
		return
	}
	table := s.create(t, c, d, "updates", []string{"a", "b"}, s.definition(t, d, "a", connect.Int32Schema, true),
		s.definition(t, d, "b", connect.StringSchema, true), s.definition(t, d, "v", connect.OptionalStringSchema, false))
	Exec(t, c, string(d.AppendInsert(nil, table, []string{"a", "b", "v"}, 3)), int64(1), "ä", "x", int64(1), "b'", "y", int64(2), "b'", "z")
	columns := Columns(t, c, d, table, database.Mapping{})
	for _, rows := range [][][]any{
		{{int64(1), "ä", `new'\`}, {int64(9), "b'", "none"}, {int64(2), "b'", "new"}},
		{{int64(1), "b'", "first"}, {int64(1), "b'", "last"}, {int64(2), nil, "none"}, {int64(2), "b'", nil}},
	} {
		if err := bulk.UpdateBulk(t.Context(), c, table, columns[:2], columns[2:], rows); err != nil {
			t.Fatal(err)
		}
	}
	_, read := Read(t, c, d, database.Mapping{}, nil, "SELECT * FROM "+string(database.AppendTable(nil, d, table)))
	var got []string
	for _, row := range read {
		got = append(got, fmt.Sprintf("%d %s %s", row[0].Int(), Show(row[1]), Show(row[2])))
	}
	slices.Sort(got)
	if want := []string{"1 b' last", `1 ä new'\`, "2 b' null"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// evolve adds two columns at once.
func (s Suite) evolve(t *testing.T) {
	c, d := s.open(t)
	table := s.create(t, c, d, "evolves", []string{"id"}, s.definition(t, d, "id", connect.Int32Schema, true))
	Exec(t, c, string(d.AppendAddColumns(nil, table, []database.Definition{
		s.definition(t, d, "a b", connect.OptionalInt64Schema, false), s.definition(t, d, "c", connect.OptionalTimestampSchema, false)})))
	if columns := Columns(t, c, d, table, database.Mapping{}); len(columns) != 3 {
		t.Errorf("%+v", columns)
	}
}

// absent asks for what is not there.
func (s Suite) absent(t *testing.T) {
	c, d := s.open(t)
	nowhere := database.Table{Schema: s.Schema, Name: "is not there"}
	columns, err := d.Columns(t.Context(), c, nowhere, database.Mapping{})
	if err != nil || len(columns) != 0 {
		t.Errorf("columns %v, %v", columns, err)
	}
	_, err = c.ExecContext(t.Context(), string(d.AppendInsert(nil, nowhere, []string{"a"}, 1)), int64(1))
	if f := d.Fault(err); f != database.Absent {
		t.Errorf("%v is fault %d, want Absent", err, f)
	}
	table := s.create(t, c, d, "faults", []string{"id"}, s.definition(t, d, "id", connect.Int32Schema, true))
	_, err = c.ExecContext(t.Context(), string(d.AppendInsert(nil, table, []string{"none"}, 1)), int64(1))
	if f := d.Fault(err); f != database.Absent {
		t.Errorf("%v is fault %d, want Absent", err, f)
	}
	insert := string(d.AppendInsert(nil, table, []string{"id"}, 1))
	Exec(t, c, insert, int64(1))
	_, err = c.ExecContext(t.Context(), insert, int64(1))
	if f := d.Fault(err); f != database.Data {
		t.Errorf("%v is fault %d, want Data", err, f)
	}
	_, err = c.ExecContext(t.Context(), insert, nil)
	if f := d.Fault(err); err != nil && f != database.Data {
		t.Errorf("%v is fault %d, want Data", err, f)
	}
	_, err = c.ExecContext(t.Context(), "SELEKT 1")
	if f := d.Fault(err); f != database.Unknown {
		t.Errorf("%v is fault %d, want Unknown", err, f)
	}
}

// offset compares with a moment that was read: nothing but what is later comes.
func (s Suite) offset(t *testing.T) {
	c, d := s.open(t)
	table := s.create(t, c, d, "offsets", []string{"id"}, s.definition(t, d, "id", connect.Int32Schema, true), s.definition(t, d, "at", connect.TimestampSchema, false))
	bind, err := d.Binder(connect.TimestampSchema, find(Columns(t, c, d, table, database.Mapping{}), "at"), database.Writing{})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	for i := range 4 {
		arg, err := bind(connect.Instant(start.Add(time.Duration(i) * time.Millisecond)))
		if err != nil {
			t.Fatal(err)
		}
		Exec(t, c, string(d.AppendInsert(nil, table, []string{"id", "at"}, 1)), int64(i), arg)
	}
	columns := Columns(t, c, d, table, database.Mapping{})
	at, from := string(d.AppendIdentifier(nil, "at")), string(database.AppendTable(nil, d, table))
	_, rows := Read(t, c, d, database.Mapping{}, columns, "SELECT "+at+" FROM "+from+" ORDER BY id")
	arg, err := d.BindOffset(find(columns, "at"), rows[1][0].Instant(), database.Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	_, later := Read(t, c, d, database.Mapping{}, columns, "SELECT id FROM "+from+" WHERE "+at+" > "+string(d.AppendParameter(nil, 1))+" ORDER BY id", arg)
	if len(later) != 2 || later[0][0].Int() != 2 {
		t.Errorf("later than row 1: %v", later)
	}
	now, err := d.Now(t.Context(), c)
	if err != nil || time.Since(now).Abs() > time.Minute {
		t.Errorf("the database's clock says %v (%v)", now, err)
	}
}
