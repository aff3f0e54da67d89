// Package debezium holds Debezium's transforms of change events.
//
//	extractnewrecordstate.go ExtractNewRecordState; row.go makes the row
//	reference.go             fields of the envelope that are added
//	dropfields.go            columns that a header lists are left out
//	eventrouter.go           EventRouter; outbox.go knows the table
//	placement.go             further columns of the outbox table
//	expandjson.go            JSON text becomes a struct; jsonschema.go its schema
//	bylogicaltablerouter.go  ByLogicalTableRouter
//	schemaname.go            names of schemas that fit Avro
//	flow.go                  what they do to schemas
//	reads.go                 what of an envelope they look at
//
//	envelope.go              change events
//	route.go                 topics by regular expressions
package debezium
