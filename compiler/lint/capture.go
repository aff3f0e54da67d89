package lint

import (
	"fmt"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
)

// untold are the databases of which nobody can tell which transactions are open.
// (PostgreSQL tells, and SQLite has one at a time.)
var untold = map[string]string{"mysql.Database": "MySQL", "sqlserver.Database": "SQL Server"}

// lateRows: a row that a transaction commits late has a number, or a time, that
// the source has passed.
func lateRows(f *finder) {
	for _, p := range f.parts {
		conn := p.options()
		if !p.Is(connectors+"sql.Source") || conn.Text("mode") == "bulk" || length(conn, "timestampDelayInterval") > 0 {
			continue
		}
		db := conn.Struct("connection")
		name := ""
		for path, called := range untold {
			if wiring.Is(db, connectors+path) {
				name = called
			}
		}
		switch {
		case wiring.Is(db, connectors+"sqlite.Database"):
		case conn.Text("lateCommits") == "ignore":
			f.warn(p.plan, p.Path+".connector.lateCommits", `"ignore": a row that its transaction commits after a later one was read is never read`, conn.At("lateCommits"), p.Pos)
		case name != "" && conn.Text("mode") == "incrementing":
			f.warn(p.plan, p.Path+".connector.mode", fmt.Sprintf(`"incrementing": a row that its transaction commits after one of a higher number was read is never read, and %s does not tell which transactions to wait for`, name), conn.At("mode"), p.Pos)
		case name != "":
			f.warn(p.plan, p.Path+".connector", fmt.Sprintf("has no timestampDelayInterval: a row that its transaction commits after one of a later time was read is never read, and %s does not tell which transactions to wait for", name), conn.At("mode"), p.Pos)
		}
	}
}

// placeholders: of a value that is stored apart, and did not change, PostgreSQL
// tells nothing, and a sink writes what stands for it over the value.
func placeholders(f *finder) {
	f.topics(func(w, r part, topic string) {
		if w.Is(connectors+"postgres.Source") && r.Is(connectors+"sql.Sink") && r.options().Text("insertMode") != "insert" {
			f.against(r, w, r.Path+".connector", fmt.Sprintf("writes %s over long values that a change of %q leaves alone: tell PostgreSQL to log whole rows (REPLICA IDENTITY FULL), and say so in accept", w.options().Text("unavailableValuePlaceholder"), topic), r.At("connector"))
		}
	})
}

// shortTimes: Connect's own times have milliseconds, the databases' more.
func shortTimes(f *finder) {
	for _, p := range f.parts {
		if conn := p.options(); conn.Text("timePrecisionMode") == "connect" {
			f.warn(p.plan, p.Path+".connector.timePrecisionMode", `"connect": what times have below a millisecond is cut off`, conn.At("timePrecisionMode"), p.Pos)
		}
	}
}

// hiddenDecimals: without a schema nobody knows that a text is a number.
func hiddenDecimals(f *finder) {
	for _, p := range f.parts {
		conv := p.Struct.Struct("valueConverter")
		if p.options().Text("decimalHandlingMode") == "precise" && format(conv, false) == plainJSON && conv.Text("decimalFormat") == "BASE64" {
			f.warn(p.plan, p.Path+".valueConverter.decimalFormat", `is "BASE64", and no schema says so: who reads an exact number finds a text such as "E4g="; take "NUMERIC"`, conv.At("decimalFormat"), p.At("valueConverter"), p.Pos)
		}
	}
}

// refusedDeletes: a capture tells a delete twice, the second time by a tombstone,
// which a sink of tables refuses unless it is told to delete.
func refusedDeletes(f *finder) {
	f.topics(func(w, r part, topic string) {
		if w.options().On("tombstonesOnDelete") && r.Is(connectors+"sql.Sink") && !r.options().On("deleteEnabled") && !changesTombstones(r.Struct) {
			f.against(r, w, r.Path+".connector.deleteEnabled", fmt.Sprintf("is off, and each delete of %q ends with a record without a value, which the sink refuses: switch it on, or leave such records out (transform.#TombstoneHandler)", topic), r.options().At("deleteEnabled"))
		}
	})
}

// changesTombstones says whether a chain may leave tombstones out.
func changesTombstones(s *plan.Struct) bool { return len(s.List("transforms")) > 0 }
