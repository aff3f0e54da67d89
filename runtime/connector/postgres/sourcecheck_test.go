package postgres_test

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/postgres"
	"kcgen.dev/runtime/servertest"
)

// problems are what a check finds, a line each.
func problems(found []connect.Finding) string {
	var b strings.Builder
	for _, f := range found {
		if f.Problem != "" {
			_, what, _ := strings.Cut(f.What, ": ")
			b.WriteString(what + ": " + f.Problem + " → " + f.Fix + "\n")
		}
	}
	return b.String()
}

func TestSourceCheck(t *testing.T) {
	d := adminDatabase(t)
	d.exec(`CREATE TABLE keyed (id int PRIMARY KEY); CREATE TABLE keyless (a int); CREATE TABLE whole (a int); ALTER TABLE whole REPLICA IDENTITY FULL`)
	s := d.source()
	s.SignalDataCollection = "public.signals"
	got := problems(s.Check(t.Context(), connect.CheckContext{Name: "test"}))
	for _, want := range []string{"keyless", "REPLICA IDENTITY FULL", "public.signals is not → CREATE TABLE public.signals"} {
		if !strings.Contains(got, want) {
			t.Errorf("no word of %q in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "slot ") {
		t.Errorf("before the first start there is no slot, which is no problem:\n%s", got)
	}
	if strings.Contains(got, "table public.keyed") || strings.Contains(got, "table public.whole") {
		t.Errorf("good tables are found fault with:\n%s", got)
	}
}

// TestSourceCheckRights checks a user who may do nothing.
func TestSourceCheckRights(t *testing.T) {
	d := adminDatabase(t)
	user := strings.ReplaceAll(servertest.Unique("poor"), "-", "_")
	d.exec(`CREATE TABLE t (id int PRIMARY KEY); CREATE ROLE ` + user + ` LOGIN PASSWORD 'x'`)
	t.Cleanup(func() { _ = d })
	s := d.source()
	l := d.server.Admin(d.name)
	l.User, l.Password = user, "x"
	s.Database = login(t, l)
	got := problems(s.Check(t.Context(), connect.CheckContext{Name: "test"}))
	for _, want := range []string{"REPLICATION", "only a superuser may make one", `GRANT SELECT ON "public"."t" TO ` + `"` + user} {
		if !strings.Contains(got, want) {
			t.Errorf("no word of %q in:\n%s", want, got)
		}
	}
}

func TestSourceGrants(t *testing.T) {
	s := postgres.Source{
		Database: postgres.Database{URL: "postgresql://db/shop", User: "cdc"}, TopicPrefix: "shop", PublicationAutocreateMode: "filtered",
		TableIncludeList: []string{`public\.orders`, `sales\.lines`},
	}
	got, err := s.Grants(connect.CheckContext{})
	if err != nil {
		t.Fatal(err)
	}
	want := `ALTER ROLE "cdc" REPLICATION
GRANT CONNECT ON DATABASE "shop" TO "cdc"
GRANT USAGE ON SCHEMA "public" TO "cdc"
GRANT SELECT ON "public"."orders" TO "cdc"
GRANT USAGE ON SCHEMA "sales" TO "cdc"
GRANT SELECT ON "sales"."lines" TO "cdc"
CREATE PUBLICATION "dbz_publication" FOR TABLE "public"."orders", "sales"."lines"`
	if strings.Join(got, "\n") != want {
		t.Errorf("got:\n%s", strings.Join(got, "\n"))
	}
}
