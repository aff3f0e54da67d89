package mysql_test

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/servertest"
)

// columnCases are the options of the recordings of columns; DB stands for the
// database.
var columnCases = map[string]func(s *mysql.Source){
	"keys":    func(s *mysql.Source) { s.MessageKeyColumns = []string{"DB.person:email,name", "(.*).keyless:a"} },
	"exclude": func(s *mysql.Source) { s.ColumnExcludeList = []string{"DB.person.secret", `.*\.note`} },
	"include": func(s *mysql.Source) { s.ColumnIncludeList = []string{"DB.person.(id|name)"} },
	"mask": func(s *mysql.Source) {
		s.ColumnMaskWithChars = map[string]string{"5.chars": "DB.person.secret,DB.person.cc", "0": "DB.person.note"}
	},
	"hash": func(s *mysql.Source) {
		salt := secret.Ref("${env:COLUMNS_SALT}")
		s.ColumnMaskHash = []mysql.Hash{{Algorithm: "SHA-256", Salt: salt, Columns: []string{"DB.person.secret"}}}
		s.ColumnMaskHashV2 = []mysql.Hash{{Algorithm: "SHA-512", Salt: salt, Columns: []string{"DB.person.note"}}}
	},
	"truncate": func(s *mysql.Source) {
		s.ColumnTruncateToChars = map[string]string{"3": "DB.person.(name|secret|note)"}
	},
	"propagate":      func(s *mysql.Source) { s.ColumnPropagateSourceType = []string{".*"} },
	"propagate-type": func(s *mysql.Source) { s.DatatypePropagateSourceType = []string{`.*\.VARCHAR`, `.*\.DECIMAL`} },
}

// TestCapturedColumns compares with what Debezium has made of columns that are left out,
// cut, masked, hashed, or make keys.
func TestCapturedColumns(t *testing.T) {
	t.Setenv("COLUMNS_SALT", "CzQMA0cB5K")
	s := servertest.SharedMariaDB(t)
	script, err := txtar.ParseFile(filepath.Join(recordings, "mariadb", "columns.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, f := range script.Files {
		sections[f.Name] = string(f.Data)
	}
	for name, with := range columnCases {
		t.Run(name, func(t *testing.T) {
			want := readRecorded(t, filepath.Join(recordings, "mariadb", "columns-"+name+".jsonl.gz"))
			compareColumns(t, s, want, sections, with)
		})
	}
}

func compareColumns(t *testing.T, s *servertest.MySQL, want []recorded, sections map[string]string, with func(*mysql.Source)) {
	db := want[0].Properties["database.include.list"]
	s.Exec(t, "", "DROP DATABASE IF EXISTS "+db+"; CREATE DATABASE "+db+" CHARACTER SET utf8mb4")
	s.Exec(t, db, sections["setup.sql"])
	src := mysql.Source{
		Database: databaseOf(t, s.Admin(db)), TopicPrefix: want[0].Prefix, DatabaseServerID: 5503, SchemaHistoryInternalKafkaTopic: "history",
		DatabaseIncludeList: []string{db}, TombstonesOnDelete: true, ExtendedHeadersEnabled: true,
	}
	with(&src)
	for _, list := range [][]string{src.MessageKeyColumns, src.ColumnExcludeList, src.ColumnIncludeList} {
		named(list, db)
	}
	for _, m := range []map[string]string{src.ColumnMaskWithChars, src.ColumnTruncateToChars} {
		for k, v := range m {
			m[k] = strings.ReplaceAll(v, "DB", db)
		}
	}
	for _, all := range [][]mysql.Hash{src.ColumnMaskHash, src.ColumnMaskHashV2} {
		for _, h := range all {
			named(h.Columns, db)
		}
	}
	if err := secret.Resolve(&src); err != nil {
		t.Fatal(err)
	}
	topics, total := map[string][]recorded{}, 0
	for _, r := range want[1:] {
		if strings.HasPrefix(r.Topic, want[0].Prefix+"."+db+".") && !isMark(r) {
			topics[r.Topic] = append(topics[r.Topic], r)
			total++
		}
	}
	c := newCapturing(t, src)
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	c.until(func() bool { return c.offset["snapshot"] == nil && c.offset["file"] != nil })
	s.Exec(t, db, sections["stream.sql"])
	c.until(func() bool { return len(c.records) >= total })
	got := map[string][]captured{}
	for _, r := range c.records {
		got[r.topic] = append(got[r.topic], r)
	}
	for topic, records := range topics {
		if len(got[topic]) != len(records) {
			t.Errorf("topic %s has %d records, not %d", topic, len(got[topic]), len(records))
		}
		for i := range min(len(records), len(got[topic])) {
			for _, d := range append(differences("key", scrub(records[i].Key), scrub(got[topic][i].key)), differences("value", scrub(records[i].Value), scrub(got[topic][i].value))...) {
				t.Errorf("topic %s, record %d: %s", topic, i, d)
			}
		}
	}
}

// named puts the database's name in.
func named(list []string, db string) {
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], "DB", db)
	}
}
