package cdc_test

import (
	"fmt"
	"maps"
	"os"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/connector/postgres"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/servertest/cdc"
)

// sources make the connectors that capture a database, from Debezium's
// properties.
var sources = map[string]func(map[string]string) (connect.Source, error){
	"postgres": newPostgres,
	"mariadb":  newMySQL,
	"mysql":    newMySQL,
}

func newPostgres(properties map[string]string) (connect.Source, error) {
	var s postgres.Source
	if err := configure(&s, properties); err != nil {
		return nil, err
	}
	at := properties["database.hostname"] + ":" + properties["database.port"]
	s.Database = postgres.Database{URL: "postgresql://" + at + "/" + properties["database.dbname"], User: properties["database.user"], Password: secret.Ref("${env:" + passwordEnv + "}")}
	return resolved(s, properties)
}

func newMySQL(properties map[string]string) (connect.Source, error) {
	var s mysql.Source
	if err := configure(&s, properties); err != nil {
		return nil, err
	}
	at := properties["database.hostname"] + ":" + properties["database.port"]
	s.Database = mysql.Database{URL: "mysql://" + at + "/" + properties["database.include.list"], User: properties["database.user"], Password: secret.Ref("${env:" + passwordEnv + "}")}
	return resolved(s, properties)
}

// configure fills a connector in. It complains of properties that the connector
// has not.
func configure(s connect.Described, properties map[string]string) error {
	own := maps.Clone(properties)
	if own["heartbeat.interval.ms"] == "" {
		own["heartbeat.interval.ms"] = "0" // Debezium's default
	}
	// These are said in other ways here.
	for k := range own {
		switch {
		case k == "database.server.id" || k == "database.include.list" || k == "database.exclude.list":
		case k == "connector.class", k == "tasks.max", k == "plugin.name", strings.HasPrefix(k, "database."), strings.HasSuffix(k, ".kafka.bootstrap.servers"),
			k == "schema.history.internal.store.only.captured.databases.ddl":
			delete(own, k)
		}
	}
	rest, err := cdc.Configure(s, own)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%T has no options for %s", s, strings.Join(rest, ", "))
	}
	return err
}

const passwordEnv = "KCGEN_CDC_PASSWORD"

// resolved is the connector with its password.
func resolved[S connect.Source](s S, properties map[string]string) (connect.Source, error) {
	if err := os.Setenv(passwordEnv, properties["database.password"]); err != nil {
		return nil, err
	}
	err := secret.Resolve(&s)
	return s, err
}
