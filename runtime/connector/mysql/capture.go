package mysql

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

// The modes of snapshots.
const (
	snapshotInitial     = "initial"
	snapshotAlways      = "always"
	snapshotInitialOnly = "initial_only"
	snapshotNoData      = "no_data"
	snapshotWhenNeeded  = "when_needed"
	snapshotRecovery    = "recovery"
)

var (
	_ connect.Source      = Source{}
	_ connect.ExactlyOnce = Source{}
	_ connect.Keeps       = Source{}
	_ connect.Writes      = Source{}
)

// Tasks is one task: the log is one.
func (s Source) Tasks(context.Context, int) ([]connect.SourceTask, error) {
	s = s.filledIn()
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("mysql: %w", err)
	}
	return []connect.SourceTask{&captureTask{cfg: s}}, nil
}

// filledIn is s with source.cue's defaults where fields are zero.
func (s Source) filledIn() Source {
	for _, d := range []struct {
		field *string
		is    string
	}{
		{&s.SnapshotMode, snapshotInitial}, {&s.SnapshotLockingMode, "minimal"}, {&s.DecimalHandlingMode, "precise"},
		{&s.TimePrecisionMode, "adaptive_time_microseconds"}, {&s.BinaryHandlingMode, "bytes"}, {&s.BigintUnsignedHandlingMode, "long"},
		{&s.EventConvertingFailureHandlingMode, "fail"}, {&s.TopicDelimiter, "."},
		{&s.UnavailableValuePlaceholder, "__debezium_unavailable_value"},
	} {
		if *d.field == "" {
			*d.field = d.is
		}
	}
	if s.MaxBatchSize == 0 {
		s.MaxBatchSize = 2048
	}
	if s.SnapshotLockTimeout == 0 {
		s.SnapshotLockTimeout = 10 * time.Second
	}
	return s
}

// check finds what source.cue refuses, for those who fill in a Source in Go.
func (s Source) check() error {
	switch {
	case s.TopicPrefix == "":
		return errors.New("topicPrefix is empty")
	case s.DatabaseServerID < 1 || s.DatabaseServerID > 1<<32-1:
		return fmt.Errorf("databaseServerId is %d, not a number from 1 to 4294967295", s.DatabaseServerID)
	case s.SchemaHistoryInternalKafkaTopic == "":
		return errors.New("schemaHistoryInternalKafkaTopic is empty")
	case len(s.DatabaseIncludeList) > 0 && len(s.DatabaseExcludeList) > 0:
		return errors.New("databaseIncludeList and databaseExcludeList exclude each other")
	case len(s.GtidSourceIncludes) > 0 && len(s.GtidSourceExcludes) > 0:
		return errors.New("gtidSourceIncludes and gtidSourceExcludes exclude each other")
	}
	if _, err := cdc.NewNotifier(s.NotificationEnabledChannels, s.NotificationSinkTopicName, s.TopicPrefix, nil); err != nil {
		return err
	}
	_, _, err := s.Database.where()
	return err
}

// options are those that all captures have.
func (s Source) options() cdc.Options {
	return cdc.Options{
		TopicPrefix: s.TopicPrefix, TopicDelimiter: s.TopicDelimiter, TopicHeartbeatPrefix: s.TopicHeartbeatPrefix, TopicTransaction: s.TopicTransaction,
		SchemaNameAdjustmentMode: s.SchemaNameAdjustmentMode, FieldNameAdjustmentMode: s.FieldNameAdjustmentMode,
		TableIncludeList: s.TableIncludeList, TableExcludeList: s.TableExcludeList,
		ColumnIncludeList: s.ColumnIncludeList, ColumnExcludeList: s.ColumnExcludeList, MessageKeyColumns: s.MessageKeyColumns,
		TombstonesOnDelete: s.TombstonesOnDelete, SkippedOperations: s.SkippedOperations, SkipMessagesWithoutChange: s.SkipMessagesWithoutChange,
		ProvideTransactionMetadata: s.ProvideTransactionMetadata, ExtendedHeadersEnabled: s.ExtendedHeadersEnabled,
		ColumnTruncateToChars: byLength(s.ColumnTruncateToChars), ColumnMaskWithChars: byLength(s.ColumnMaskWithChars),
		ColumnMaskHash: hashed(s.ColumnMaskHash), ColumnMaskHashV2: hashed(s.ColumnMaskHashV2),
		ColumnPropagateSourceType: s.ColumnPropagateSourceType, DatatypePropagateSourceType: s.DatatypePropagateSourceType,
		SignalDataCollection: s.SignalDataCollection,
	}
}

func (s Source) modes(mariadb bool) modes {
	return modes{decimal: s.DecimalHandlingMode, time: s.TimePrecisionMode, binary: s.BinaryHandlingMode, bigint: s.BigintUnsignedHandlingMode, mariadb: mariadb, failures: s.EventConvertingFailureHandlingMode, adjust: s.EnableTimeAdjuster}
}

// ExactlyOnce says that changes, and the rows of snapshots, are read again from an
// offset exactly. Tables that begin anew do so under a new transaction.
func (Source) ExactlyOnce() error { return nil }

// Journals are the topics of the schema history and of signals.
func (s Source) Journals() []connect.JournalUse {
	all := []connect.JournalUse{{Topic: s.SchemaHistoryInternalKafkaTopic, Why: "the history of its tables' definitions", Written: true}}
	if slices.Contains(s.SignalEnabledChannels, "kafka") {
		all = append(all, connect.JournalUse{Topic: s.signalTopic(), Why: "signals"})
	}
	return all
}

// Writes are the topics of which the names are known; those of tables begin with the
// prefix.
func (s Source) Writes() (topics []connect.TopicName, all bool) {
	t := cdc.NewTopics(s.options(), true)
	topics = []connect.TopicName{{Name: s.TopicPrefix + or(s.TopicDelimiter, "."), Prefix: true}}
	if s.IncludeSchemaChanges {
		topics = append(topics, connect.TopicName{Name: t.Schema})
	}
	if slices.Contains(s.NotificationEnabledChannels, "sink") {
		topics = append(topics, connect.TopicName{Name: s.NotificationSinkTopicName})
	}
	if s.HeartbeatInterval > 0 {
		topics = append(topics, connect.TopicName{Name: t.Heartbeat})
	}
	return topics, true
}

// byLength turns an option round: the number of characters by pattern.
func byLength(option map[string]string) map[string]int {
	out := make(map[string]int, len(option))
	for length, patterns := range option {
		n, err := strconv.Atoi(strings.TrimSuffix(length, ".chars"))
		for _, p := range strings.Split(patterns, ",") {
			if p = strings.TrimSpace(p); err == nil && p != "" {
				out[p] = n
			}
		}
	}
	return out
}

func hashed(option []Hash) []cdc.Hash {
	out := make([]cdc.Hash, len(option))
	for i, h := range option {
		out[i] = cdc.Hash{Algorithm: h.Algorithm, Salt: h.Salt, Columns: h.Columns}
	}
	return out
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
