package sqlserver

import (
	"errors"
	"io"
	"testing"
	"time"

	mssql "github.com/microsoft/go-mssqldb"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/database/databasetest"
)

// The statements, against the documentation of Transact-SQL: no server is at
// hand.
func TestStatements(t *testing.T) {
	d := dialect{holdlock: true}
	table := database.Table{Catalog: "shop", Schema: "dbo", Name: "a]b"}
	keys, others := []string{"id", "k"}, []string{"v w"}
	text := connect.OptionalStringSchema
	typ, _ := d.ColumnType(text, false)
	define := []database.Definition{{Name: "id", Type: "int", NotNull: true}, {Name: "v w", Type: typ, Default: "N''"}}
	for _, x := range []struct{ name, got, want string }{
		{"insert", string(d.AppendInsert(nil, table, []string{"id", "v w"}, 2)), "INSERT INTO [shop].[dbo].[a]]b] ([id],[v w]) VALUES (@p1,@p2),(@p3,@p4)"},
		{"upsert", string(d.AppendUpsert(nil, table, keys, others, 2)), "MERGE INTO [shop].[dbo].[a]]b] WITH (HOLDLOCK) AS target USING (VALUES (@p1,@p2,@p3),(@p4,@p5,@p6)) AS incoming ([id],[k],[v w])" +
			" ON (target.[id] = incoming.[id] AND target.[k] = incoming.[k]) WHEN MATCHED THEN UPDATE SET [v w] = incoming.[v w]" +
			" WHEN NOT MATCHED THEN INSERT ([id],[k],[v w]) VALUES (incoming.[id],incoming.[k],incoming.[v w]);"},
		{"upsert of keys", string(dialect{}.AppendUpsert(nil, database.Table{Name: "t"}, []string{"id"}, nil, 1)), "MERGE INTO [t] AS target USING (VALUES (@p1)) AS incoming ([id])" +
			" ON (target.[id] = incoming.[id]) WHEN NOT MATCHED THEN INSERT ([id]) VALUES (incoming.[id]);"},
		{"update", string(d.AppendUpdate(nil, table, keys, others)), "UPDATE [shop].[dbo].[a]]b] SET [v w] = @p1 WHERE [id] = @p2 AND [k] = @p3"},
		{"delete", string(d.AppendDelete(nil, table, keys, 2)), "DELETE FROM [shop].[dbo].[a]]b] WHERE ([id] = @p1 AND [k] = @p2) OR ([id] = @p3 AND [k] = @p4)"},
		{"delete by one", string(d.AppendDelete(nil, database.Table{Name: "t"}, []string{"id"}, 3)), "DELETE FROM [t] WHERE [id] IN (@p1,@p2,@p3)"},
		{"create", string(d.AppendCreate(nil, database.Table{Name: "t"}, define, []string{"id"})), "CREATE TABLE [t] ([id] int NOT NULL, [v w] nvarchar(max) DEFAULT N'' NULL, PRIMARY KEY ([id]))"},
		{"alter", string(d.AppendAddColumns(nil, database.Table{Name: "t"}, define)), "ALTER TABLE [t] ADD [id] int NOT NULL, [v w] nvarchar(max) DEFAULT N'' NULL"},
	} {
		if x.got != x.want {
			t.Errorf("%s:\n%s\nwant\n%s", x.name, x.got, x.want)
		}
	}
	if first, last := d.Limit(5); first != "TOP (5)" || last != "" {
		t.Errorf("limit %q %q", first, last)
	}
}

func TestSchemas(t *testing.T) {
	for typ, want := range map[string]string{
		"bit": "int8?", "tinyint": "int16?", "smallint": "int16?", "int": "int32?", "bigint": "int64?", "real": "float32?", "float": "float64?",
		"decimal(10,2)": "Decimal(2)?", "numeric(5,0)": "Decimal(0)?", "money": "Decimal(4)?", "smallmoney": "Decimal(4)?",
		"date": "Date?", "time(7)": "Time?", "datetime": "Timestamp?", "datetime2(7)": "Timestamp?", "smalldatetime": "Timestamp?", "datetimeoffset(7)": "Timestamp?",
		"char(5)": "string?", "nvarchar(max)": "string?", "xml": "string?", "uniqueidentifier": "string?", "varbinary(max)": "bytes?", "timestamp": "bytes?",
		"geography": "bytes?", "sql_variant": "none",
	} {
		if got := databasetest.Describe(schemaOf(typ, database.Mapping{}, true)); got != want {
			t.Errorf("%s is %s, want %s", typ, got, want)
		}
	}
}

// What the driver gives for each type, as its documentation says.
func TestDecode(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	at := time.Date(2024, 2, 29, 12, 34, 56, 1234567e2, time.UTC)
	guid := []byte{0x67, 0x45, 0x23, 0x01, 0xab, 0x89, 0xef, 0xcd, 1, 2, 3, 4, 5, 6, 7, 8}
	for _, x := range []struct {
		typ  string
		src  any
		want string
	}{
		{"bit", true, "1"}, {"tinyint", int64(255), "255"}, {"real", 1.5, "1.5"}, {"decimal(10,2)", []byte("1.50"), "1.50"}, {"money", []byte("-1.2300"), "-1.2300"},
		{"date", time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), "2024-02-29T00:00:00Z"}, {"time(7)", time.Date(1, 1, 1, 12, 0, 0, 0, time.UTC), "1970-01-01T11:00:00Z"},
		{"datetime2(7)", at, "2024-02-29T11:34:56.1234567Z"}, {"datetimeoffset(7)", at.In(berlin), "2024-02-29T12:34:56.1234567Z"},
		{"uniqueidentifier", guid, "01234567-89AB-CDEF-0102-030405060708"}, {"nvarchar(5)", "ä", "ä"}, {"varbinary(5)", []byte{0, 255}, "0x00ff"},
	} {
		c := database.Column{Name: "v", Type: x.typ}
		m := database.Mapping{Zone: berlin}
		describe(&c, m)
		v, err := decoder(c, m)(new(connect.Buffer), x.src)
		if err != nil || databasetest.Show(v) != x.want {
			t.Errorf("%s: %s (%v), want %s", x.typ, databasetest.Show(v), err, x.want)
		}
	}
}

func TestBind(t *testing.T) {
	at := connect.Instant(time.Date(2024, 2, 29, 12, 34, 56, 7890e5, time.UTC))
	for _, x := range []struct {
		typ    string
		schema *connect.Schema
		v      connect.Value
		want   any
	}{
		{"datetime2(7)", connect.TimestampSchema, at, "2024-02-29T12:34:56.789"},
		{"datetime", connect.TimestampSchema, at, "2024-02-29T12:34:56.789"},
		{"datetimeoffset(7)", connect.TimestampSchema, at, "2024-02-29T12:34:56.789Z"},
		{"bit", connect.BoolSchema, connect.Bool(true), true},
		{"money", connect.NewDecimal(2).MustBuild(), (&connect.Decimal{}).Value(), 0.0},
	} {
		bind, err := dialect{}.Binder(x.schema, database.Column{Name: "v", Type: x.typ}, database.Writing{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := bind(x.v); err != nil || got != x.want {
			t.Errorf("%s: %v (%v), want %v", x.typ, got, err, x.want)
		}
	}
	bind, err := dialect{}.Binder(connect.OptionalBytesSchema, database.Column{Type: "varbinary(max)"}, database.Writing{})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := bind(connect.Null); got == nil {
		t.Error("a null of bytes has no type")
	}
}

func TestFaults(t *testing.T) {
	for _, x := range []struct {
		err  error
		want database.Fault
	}{
		{mssql.Error{Number: 1205, Class: 13}, database.Busy}, {mssql.Error{Number: 208, Class: 16}, database.Absent}, {mssql.Error{Number: 18456, Class: 14}, database.Denied},
		{mssql.Error{Number: 3621, All: []mssql.Error{{Number: 2627, Class: 14}, {Number: 3621}}}, database.Data},
		{mssql.Error{Number: 99999, Class: 21}, database.Away}, {mssql.Error{Number: 99999, Class: 16}, database.Unknown},
		{io.ErrUnexpectedEOF, database.Away}, {errors.New("else"), database.Unknown},
	} {
		if got := (dialect{}).Fault(x.err); got != x.want {
			t.Errorf("%v: fault %d, want %d", x.err, got, x.want)
		}
	}
}

func TestWhere(t *testing.T) {
	for url, want := range map[string]string{
		"jdbc:sqlserver://db:1500;databaseName=shop":  "SQL Server at db:1500/shop",
		"sqlserver://db;databaseName=shop;":           "SQL Server at db:1433/shop",
		"sqlserver://db;databaseName=shop;password=x": "SQL Server at an unreadable url",
		"sqlserver://u:secret@db;databaseName=shop":   "SQL Server at an unreadable url",
		"mysql://db/shop":                             "SQL Server at an unreadable url",
		"sqlserver://db:1433":                         "SQL Server at an unreadable url",
	} {
		if got := (Database{URL: url}).String(); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
	db, err := Database{URL: "sqlserver://127.0.0.1:1;databaseName=shop", User: "u", ConnectTimeout: time.Second}.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.PingContext(t.Context()); (dialect{}).Fault(err) != database.Away {
		t.Errorf("nobody there: %v", err)
	}
}
