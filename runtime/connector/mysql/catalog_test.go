package mysql_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/database/databasetest"
	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/servertest"
)

func TestColumns(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		l := s.Database(t)
		d := databaseOf(t, l)
		db := databasetest.Open(t, d)
		databasetest.Exec(t, db, `CREATE TABLE described (b INT, a BIGINT UNSIGNED AUTO_INCREMENT, c INT NOT NULL DEFAULT 0, e INT NULL DEFAULT NULL,
			f VARCHAR(5) NOT NULL DEFAULT '', g INT AS (b + 1) VIRTUAL, h INT AS (b + 2) STORED, i TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
			k ENUM('Big','SMALL') NOT NULL, PRIMARY KEY (a, b), INDEX by_c (c, e))`)
		databasetest.Exec(t, db, "CREATE VIEW seen AS SELECT a FROM described")
		var got []string
		for _, c := range databasetest.Columns(t, db, d.Dialect(), database.Table{Name: "described"}, database.Mapping{}) {
			typ, _, _ := strings.Cut(c.Type, "(")
			got = append(got, fmt.Sprintf("%s %s null=%t key=%d gen=%t comp=%t def=%t", c.Name, typ, c.Nullable, c.Key, c.Generated, c.Computed, c.HasDefault))
			if c.Name == "k" && c.Type != "enum('Big','SMALL')" {
				t.Errorf("the words of an enum: %s", c.Type)
			}
		}
		want := `b int null=false key=2 gen=false comp=false def=false
a bigint null=false key=1 gen=true comp=false def=true
c int null=false key=0 gen=false comp=false def=true
e int null=true key=0 gen=false comp=false def=false
f varchar null=false key=0 gen=false comp=false def=true
g int null=true key=0 gen=false comp=true def=false
h int null=true key=0 gen=false comp=true def=false
i timestamp null=false key=0 gen=false comp=false def=true
k enum null=false key=0 gen=false comp=false def=false`
		for i := range got { // MySQL 8 prints no width: "bigint unsigned"
			got[i] = strings.Replace(got[i], " unsigned", "", 1)
		}
		if text := strings.Join(got, "\n"); text != want {
			t.Errorf("columns\n%s\nwant\n%s", text, want)
		}
		for kinds, want := range map[string]string{"TABLE": "described", "VIEW": "seen"} {
			tables, err := d.Dialect().Tables(t.Context(), db, "", []string{kinds})
			if err != nil || len(tables) != 1 || tables[0].String() != l.Name+"."+want {
				t.Errorf("%s: %v (%v)", kinds, tables, err)
			}
		}
		indexes, err := d.Dialect().(database.Indexes).Indexes(t.Context(), db, database.Table{Name: "described"})
		if text := fmt.Sprint(indexes); err != nil || text != "[[c e] [a b]]" && text != "[[a b] [c e]]" {
			t.Errorf("indexes %v (%v)", indexes, err)
		}
	})
}

// A user with the rights that Grants prints can do that, and nothing else.
func TestGrants(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		l := s.Database(t)
		s.Exec(t, l.Name, "CREATE TABLE `a_b` (id INT); CREATE TABLE other (id INT)")
		user := servertest.MySQLLogin{Host: l.Host, Name: l.Name, User: servertest.Unique("g"), Password: "x"}
		s.Exec(t, "", fmt.Sprintf("CREATE USER '%s'@'%%' IDENTIFIED BY 'x'", user.User))
		defer s.Exec(t, "", fmt.Sprintf("DROP USER '%s'@'%%'", user.User))
		rights := mysql.Database{}.Dialect().(database.Rights)
		for _, statement := range rights.Grants(user.User, database.Table{Schema: l.Name, Name: "a_b"}, []database.Right{database.Select, database.Insert}) {
			s.Exec(t, "", statement)
		}
		db := databasetest.Open(t, databaseOf(t, user))
		databasetest.Exec(t, db, "INSERT INTO a_b VALUES (1)")
		for _, statement := range []string{"DELETE FROM a_b", "SELECT * FROM other", "CREATE TABLE more (id INT)"} {
			_, err := db.ExecContext(t.Context(), statement)
			wantFault(t, mysql.Database{}.Dialect(), err, database.Denied)
		}
		for _, statement := range rights.Grants(user.User, database.Table{Schema: l.Name}, []database.Right{database.Create, database.Alter}) {
			s.Exec(t, "", statement)
		}
		databasetest.Exec(t, databasetest.Open(t, databaseOf(t, user)), "CREATE TABLE more (id INT)")
	})
}

// A TIMESTAMP is a moment; a DATETIME is a clock in db.timezone.
func TestZones(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		d := databaseOf(t, s.Database(t))
		db := databasetest.Open(t, d)
		databasetest.Exec(t, db, "CREATE TABLE zones (a TIMESTAMP(3) NULL, b DATETIME(3), c TIME(3), d DATE, y YEAR, j JSON)")
		columns := databasetest.Columns(t, db, d.Dialect(), database.Table{Name: "zones"}, database.Mapping{})
		zone := time.FixedZone("", 2*3600)
		at := connect.Instant(time.Date(2024, 7, 1, 23, 30, 0, 5e6, time.UTC))
		var args []any
		for i, v := range []struct {
			schema *connect.Schema
			value  connect.Value
		}{
			{connect.TimestampSchema, at}, {connect.TimestampSchema, at}, {connect.TimeSchema, connect.InstantMilli(1000)},
			{connect.DateSchema, connect.InstantMilli(0)}, {connect.DateSchema, at}, {connect.BytesSchema, connect.Bytes([]byte("[1]"))},
		} {
			bind, err := d.Dialect().Binder(v.schema, columns[i], database.Writing{Zone: zone})
			if err != nil {
				t.Fatal(err)
			}
			arg, err := bind(v.value)
			if err != nil {
				t.Fatal(err)
			}
			args = append(args, arg)
		}
		databasetest.Exec(t, db, "INSERT INTO zones VALUES (?,?,?,?,?,?)", args...)
		var got string
		if err := db.QueryRow("SELECT CONCAT_WS(' | ', a, b, c, d, y, j) FROM zones").Scan(&got); err != nil {
			t.Fatal(err)
		}
		if want := "2024-07-01 23:30:00.005 | 2024-07-02 01:30:00.005 | 02:00:01.000 | 1970-01-01 | 2024 | [1]"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, rows := databasetest.Read(t, c, d.Dialect(), database.Mapping{Zone: zone}, columns, "SELECT * FROM zones")
		if rows[0][0].Milli() != at.Milli() || rows[0][1].Milli() != at.Milli() || rows[0][2].Milli() != 1000 {
			t.Errorf("read %v", rows[0])
		}
		for i := range 2 {
			arg, err := d.Dialect().BindOffset(columns[i], at.Instant(), database.Mapping{Zone: zone})
			if err != nil {
				t.Fatal(err)
			}
			var n int
			query := fmt.Sprintf("SELECT COUNT(*) FROM zones WHERE %s = ?", columns[i].Name)
			if err := db.QueryRow(query, arg).Scan(&n); err != nil || n != 1 {
				t.Errorf("%s = %v: %d rows (%v)", columns[i].Name, arg, n, err)
			}
		}
	})
}
