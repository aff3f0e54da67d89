//go:build !cdcsources

package cdc_test

import "kcgen.dev/runtime/connect"

// sources make the connectors that capture a database, from Debezium's
// properties. Those of connectors_test.go are taken with the tag cdcsources.
var sources = map[string]func(map[string]string) (connect.Source, error){}
