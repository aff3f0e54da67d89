package e2e_test

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"kcgen.dev/runtime/preflight"
	"kcgen.dev/runtime/servertest"
)

// tables copies a table from PostgreSQL to MariaDB with the rights that the verb
// grants prints for all three, Kafka, source and sink, and no other. Of each that
// is taken away the verb check says that it is missing.
func (w *secureWorld) tables(t *testing.T) {
	l := newLabOfTables(t, w.broker, servertest.SharedPostgres(t), servertest.SharedMariaDB(t), "tables-granted")
	shop, warehouse := l.postgresSide(), l.mariadbSide()
	l.build(shop, warehouse, shopSpec, []string{`kafka: brokers: ["${env:KAFKA_BROKERS}"]`, fmt.Sprintf(
		`kafka: {brokers: ["${env:KAFKA_BROKERS}"], tls: caFile: %q, sasl: {mechanism: "PLAIN", username: "limited", password: "${env:KAFKA_PASSWORD}"}}`, w.ca)})
	l.makeShop()

	guest := servertest.Unique("guest")
	from, to := path.Base(shop.url), path.Base(warehouse.url)
	l.postgres.Exec(t, from, fmt.Sprintf("CREATE ROLE %q LOGIN PASSWORD '%s'", guest, rightPassword))
	l.mariadb.Exec(t, "", fmt.Sprintf("CREATE USER '%s'@'%%' IDENTIFIED BY '%s'", guest, rightPassword))
	l.env = with(l.env, "KAFKA_BROKERS", w.broker.Listener("SECURE"), "KAFKA_PASSWORD", rightPassword, "E2E_USER", "limited",
		"SHOP_USER", guest, "SHOP_PASSWORD", rightPassword, "WAREHOUSE_USER", guest, "WAREHOUSE_PASSWORD", rightPassword)

	s := &sharedLab{&secureLab{l.lab, w.admin, l.env}, ""}
	granted := s.granted()
	for _, r := range granted.ACLs {
		s.give(r)
	}
	run := map[string]func(string){
		"sources.shop":    func(text string) { l.postgres.Exec(t, from, text) },
		"sinks.warehouse": func(text string) { l.mariadb.Exec(t, to, text) },
	}
	eachGrant(t, granted, func(connector, text string) { run[connector](text) })
	s.checks(0)
	for _, r := range granted.ACLs {
		s.revoke(r)
		s.checks(1, r.ResourceName)
		s.give(r)
	}
	eachGrant(t, granted, func(connector, text string) {
		run[connector](strings.Replace(strings.Replace(text, "GRANT ", "REVOKE ", 1), " TO ", " FROM ", 1))
		s.checks(1, connector)
		run[connector](text)
	})
	s.checks(0)
	p := l.start()
	l.arrive(p)
	l.stop(p)
}

// eachGrant does something with each statement that gives a right to a database.
func eachGrant(t *testing.T, g preflight.Grants, do func(connector, text string)) {
	t.Helper()
	n := 0
	for _, of := range g.Statements {
		for _, text := range of.List {
			if strings.HasPrefix(text, "GRANT ") {
				do(of.Connector, text)
				n++
			}
		}
	}
	if n < 2 {
		t.Fatalf("the statements are %v", g.Statements)
	}
}
