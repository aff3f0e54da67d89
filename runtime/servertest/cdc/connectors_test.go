package cdc_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
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
	own := maps.Clone(properties)
	err := eachHash(own, func(h hash, salt secret.Secret) {
		if one := (postgres.Hash{Algorithm: h.algorithm, Salt: salt, Columns: h.columns}); h.v2 {
			s.ColumnMaskHashV2 = append(s.ColumnMaskHashV2, one)
		} else {
			s.ColumnMaskHash = append(s.ColumnMaskHash, one)
		}
	})
	if err != nil {
		return nil, err
	}
	if err := configure(&s, own); err != nil {
		return nil, err
	}
	at := properties["database.hostname"] + ":" + properties["database.port"]
	s.Database = postgres.Database{URL: "postgresql://" + at + "/" + properties["database.dbname"], User: properties["database.user"], Password: secret.Ref("${env:" + passwordEnv + "}")}
	return resolved(s, properties)
}

func newMySQL(properties map[string]string) (connect.Source, error) {
	var s mysql.Source
	own := maps.Clone(properties)
	err := eachHash(own, func(h hash, salt secret.Secret) {
		if one := (mysql.Hash{Algorithm: h.algorithm, Salt: salt, Columns: h.columns}); h.v2 {
			s.ColumnMaskHashV2 = append(s.ColumnMaskHashV2, one)
		} else {
			s.ColumnMaskHash = append(s.ColumnMaskHash, one)
		}
	})
	if err != nil {
		return nil, err
	}
	if err := configure(&s, own); err != nil {
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
		case k == "connector.class", k == "tasks.max", k == "snapshot.select.statement.overrides", k == "plugin.name", strings.HasPrefix(k, "database."), strings.HasSuffix(k, ".kafka.bootstrap.servers"),
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

// hash is what a property column.mask.hash.ALGORITHM.with.salt.SALT says.
type hash struct {
	v2              bool
	algorithm, salt string
	columns         []string
}

// eachHash takes such properties out, and keeps their salts in the environment.
func eachHash(properties map[string]string, f func(h hash, salt secret.Secret)) error {
	for i, h := range hashes(properties) {
		salt := fmt.Sprintf("%s_SALT_%d", passwordEnv, i)
		if err := os.Setenv(salt, h.salt); err != nil {
			return err
		}
		f(h, secret.Ref("${env:"+salt+"}"))
	}
	return nil
}

// hashes takes these out of properties.
func hashes(properties map[string]string) (all []hash) {
	for _, k := range slices.Sorted(maps.Keys(properties)) {
		rest, is := strings.CutPrefix(k, "column.mask.hash.")
		if !is {
			continue
		}
		rest, v2 := strings.CutPrefix(rest, "v2.")
		algorithm, salt, _ := strings.Cut(rest, ".with.salt.")
		all = append(all, hash{v2, algorithm, salt, strings.Split(properties[k], ",")})
		delete(properties, k)
	}
	return all
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
