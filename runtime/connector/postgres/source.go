package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

var _ connect.Source = Source{}

// connectorName is how records name the connector.
const connectorName = "postgresql"

// Tasks gives one task: a slot has one reader.
func (s Source) Tasks(context.Context, int) ([]connect.SourceTask, error) {
	s = s.filledIn()
	c, err := newCapture(s)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return []connect.SourceTask{c}, nil
}

// filledIn is s with source.cue's defaults where fields are zero.
func (s Source) filledIn() Source {
	texts := []struct {
		field *string
		is    string
	}{
		{&s.TopicDelimiter, "."}, {&s.TopicHeartbeatPrefix, "__debezium-heartbeat"}, {&s.TopicTransaction, "transaction"},
		{&s.SlotName, "debezium"}, {&s.PublicationName, "dbz_publication"}, {&s.PublicationAutocreateMode, "all_tables"},
		{&s.OffsetMismatchStrategy, "trust_offset"}, {&s.SnapshotMode, "initial"}, {&s.DecimalHandlingMode, "precise"},
		{&s.TimePrecisionMode, "adaptive"}, {&s.BinaryHandlingMode, "bytes"}, {&s.HstoreHandlingMode, "json"},
		{&s.IntervalHandlingMode, "numeric"}, {&s.UnavailableValuePlaceholder, "__debezium_unavailable_value"},
		{&s.SchemaNameAdjustmentMode, "none"}, {&s.FieldNameAdjustmentMode, "none"},
	}
	for _, t := range texts {
		if *t.field == "" {
			*t.field = t.is
		}
	}
	numbers := []struct {
		field *int
		is    int
	}{{&s.MaxBatchSize, 2048}, {&s.SnapshotChunkSize, 65536}, {&s.IncrementalSnapshotChunkSize, 1024}}
	for _, n := range numbers {
		if *n.field == 0 {
			*n.field = n.is
		}
	}
	if s.StatusUpdateInterval == 0 {
		s.StatusUpdateInterval = 10 * time.Second
	}
	if s.SlotRetryDelay == 0 {
		s.SlotRetryDelay = 10 * time.Second
	}
	if s.SlotBytesBound == 0 {
		s.SlotBytesBound = 1 << 30
	}
	if s.MaxQueueSizeInBytes == 0 {
		s.MaxQueueSizeInBytes = 16 << 20
	}
	return s
}

// options are those that all captures have.
func (s Source) options() cdc.Options {
	return cdc.Options{
		TopicPrefix: s.TopicPrefix, TopicDelimiter: s.TopicDelimiter, TopicHeartbeatPrefix: s.TopicHeartbeatPrefix,
		TopicHeartbeatName: s.TopicHeartbeatName, TopicTransaction: s.TopicTransaction,
		SchemaNameAdjustmentMode: s.SchemaNameAdjustmentMode, FieldNameAdjustmentMode: s.FieldNameAdjustmentMode,
		TableIncludeList: s.TableIncludeList, TableExcludeList: s.TableExcludeList,
		ColumnIncludeList: s.ColumnIncludeList, ColumnExcludeList: s.ColumnExcludeList,
		ColumnPropagateSourceType: s.ColumnPropagateSourceType, DatatypePropagateSourceType: s.DatatypePropagateSourceType,
		ColumnTruncateToChars: chars(s.ColumnTruncateToChars), ColumnMaskWithChars: chars(s.ColumnMaskWithChars),
		ColumnMaskHash: hashes(s.ColumnMaskHash), ColumnMaskHashV2: hashes(s.ColumnMaskHashV2),
		MessageKeyColumns: s.MessageKeyColumns, SignalDataCollection: s.SignalDataCollection,
		TombstonesOnDelete: s.TombstonesOnDelete, SkippedOperations: s.SkippedOperations,
		SkipMessagesWithoutChange: s.SkipMessagesWithoutChange, ProvideTransactionMetadata: s.ProvideTransactionMetadata,
		ExtendedHeadersEnabled: s.ExtendedHeadersEnabled,
	}
}

// chars are patterns of columns with their numbers of characters.
func chars(option map[string]string) map[string]int {
	if len(option) == 0 {
		return nil
	}
	m := map[string]int{}
	for number, patterns := range option {
		n, err := strconv.Atoi(strings.TrimSuffix(number, ".chars"))
		if err != nil {
			continue // source.cue allows no such
		}
		for pattern := range strings.SplitSeq(patterns, ",") {
			m[strings.TrimSpace(pattern)] = n
		}
	}
	return m
}

func hashes(option []Hash) (all []cdc.Hash) {
	for _, h := range option {
		all = append(all, cdc.Hash{Algorithm: h.Algorithm, Salt: h.Salt, Columns: h.Columns})
	}
	return all
}

// modes are the options that say how types are mapped.
func (s Source) modes() modes {
	return modes{
		decimal: s.DecimalHandlingMode, time: s.TimePrecisionMode, binary: s.BinaryHandlingMode, interval: s.IntervalHandlingMode,
		hstore: s.HstoreHandlingMode, money: s.MoneyFractionDigits, unknown: s.IncludeUnknownDatatypes, placeholder: s.UnavailableValuePlaceholder,
	}
}

// sieve says which tables are captured, and which messages.
type sieve struct {
	filter                           *cdc.Filter
	schemas, noSchemas               cdc.Patterns
	prefixes, noPrefixes, snapshotOf cdc.Patterns
}

func (s Source) sieve(f *cdc.Filter) (v sieve, err error) {
	v.filter = f
	for _, p := range []struct {
		to     *cdc.Patterns
		option string
		list   []string
	}{
		{&v.schemas, "schemaIncludeList", s.SchemaIncludeList}, {&v.noSchemas, "schemaExcludeList", s.SchemaExcludeList},
		{&v.prefixes, "messagePrefixIncludeList", s.MessagePrefixIncludeList}, {&v.noPrefixes, "messagePrefixExcludeList", s.MessagePrefixExcludeList},
		{&v.snapshotOf, "snapshotIncludeCollectionList", s.SnapshotIncludeCollectionList},
	} {
		if *p.to, err = cdc.NewPatterns(p.option, p.list); err != nil {
			return v, err
		}
	}
	return v, nil
}

func passes(include, exclude cdc.Patterns, name string) bool {
	if include != nil {
		return include.Match(name)
	}
	return !exclude.Match(name)
}

// table says whether a table is captured.
func (v *sieve) table(schema, name string) bool {
	id := cdc.TableID{Schema: schema, Table: name}
	if v.filter.Signals(id) {
		return true
	}
	if schema == "pg_catalog" || schema == "information_schema" {
		return false
	}
	return passes(v.schemas, v.noSchemas, schema) && v.filter.Table(id)
}

// snapshot says whether a table that is captured is read at the start.
func (v *sieve) snapshot(schema, name string) bool {
	return v.snapshotOf == nil || v.snapshotOf.Match(schema+"."+name)
}

func (v *sieve) message(prefix string) bool { return passes(v.prefixes, v.noPrefixes, prefix) }

var _ connect.ExactlyOnce = Source{}

// ExactlyOnce says that the log is read again from an offset exactly; rows that a
// snapshot had not given when it was broken off are read as they are by then.
func (s Source) ExactlyOnce() error {
	if s.SlotDropOnStop {
		return errors.New("slotDropOnStop loses what is changed between a stop and the next start: leave it out")
	}
	return nil
}

var _ connect.Writes = Source{}

// Writes are the topics that are known by name, and those that begin with the
// prefix.
func (s Source) Writes() (topics []connect.TopicName, all bool) {
	s = s.filledIn()
	t := cdc.NewTopics(s.options(), false)
	topics = []connect.TopicName{{Name: s.TopicPrefix + s.TopicDelimiter, Prefix: true}}
	if s.HeartbeatInterval > 0 {
		topics = append(topics, connect.TopicName{Name: t.Heartbeat})
	}
	if slices.Contains(s.NotificationEnabledChannels, "sink") {
		topics = append(topics, connect.TopicName{Name: s.NotificationSinkTopicName})
	}
	return slices.Clip(topics), true
}
