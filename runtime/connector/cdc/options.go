package cdc

import (
	"strconv"
	"strings"

	"kcgen.dev/runtime/secret"
)

// Options are what all captures of changes can be told. A source fills them in
// from its own options, which have the same names.
type Options struct {
	TopicPrefix                string   // topic.prefix
	TopicDelimiter             string   // topic.delimiter; "" is "."
	TopicHeartbeatPrefix       string   // topic.heartbeat.prefix; "" is "__debezium-heartbeat"
	TopicHeartbeatName         string   // topic.heartbeat.name
	TopicTransaction           string   // topic.transaction; "" is "transaction"
	SchemaNameAdjustmentMode   string   // schema.name.adjustment.mode: none, avro, avro_unicode
	FieldNameAdjustmentMode    string   // field.name.adjustment.mode: none, avro, avro_unicode
	TableIncludeList           []string // table.include.list
	TableExcludeList           []string // table.exclude.list
	ColumnIncludeList          []string // column.include.list
	ColumnExcludeList          []string // column.exclude.list
	MessageKeyColumns          []string // message.key.columns, one a table: "shop\\.orders:customer,number"
	SignalDataCollection       string   // signal.data.collection
	TombstonesOnDelete         bool     // tombstones.on.delete
	SkippedOperations          []string // skipped.operations: c, u, d, t, none; nil is t
	SkipMessagesWithoutChange  bool     // skip.messages.without.change
	ProvideTransactionMetadata bool     // provide.transaction.metadata
	ExtendedHeadersEnabled     bool     // extended.headers.enabled

	ColumnTruncateToChars       map[string]int // column.truncate.to.N.chars: pattern to N
	ColumnMaskWithChars         map[string]int // column.mask.with.N.chars: pattern to N
	ColumnMaskHash              []Hash         // column.mask.hash.ALGORITHM.with.salt.SALT
	ColumnMaskHashV2            []Hash         // column.mask.hash.v2.ALGORITHM.with.salt.SALT
	ColumnPropagateSourceType   []string       // column.propagate.source.type
	DatatypePropagateSourceType []string       // datatype.propagate.source.type
}

// Hash says which columns are replaced by a hash.
type Hash struct {
	Algorithm string // as Java names it: "SHA-256"
	Salt      secret.Secret
	Columns   []string
}

// Connector is the source that captures, as records name it.
type Connector struct {
	Name string // "postgresql", "mysql", "mariadb"
	Task string // "0"
	// Catalogs says that topics are named by catalog and table, as MySQL's, and
	// not by schema and table.
	Catalogs bool
}

// Version is the Debezium whose records these are, as source blocks tell it.
const Version = "3.7.0.Final"

// Chars reads an option that says what happens to which columns under a number of
// characters, as properties have it: "20" or "20.chars" to patterns with commas
// between.
func Chars(option map[string]string) map[string]int {
	m := map[string]int{}
	for number, patterns := range option {
		n, err := strconv.Atoi(strings.TrimSuffix(number, ".chars"))
		if err != nil {
			continue // the definition allows no such
		}
		for pattern := range strings.SplitSeq(patterns, ",") {
			m[strings.TrimSpace(pattern)] = n
		}
	}
	return m
}
