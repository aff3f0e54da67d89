package connect

// NoTimestamp is the timestamp of a record that has none.
const NoTimestamp int64 = -1

// NoPartition is the partition of a source record that leaves the choice to
// the producer's partitioner.
const NoPartition int32 = -1

// Datum is a value with the schema that describes it. A nil schema means
// schemaless data.
type Datum struct {
	Schema *Schema
	Value  Value
}

// IsNull reports whether the datum holds null.
func (d Datum) IsNull() bool { return d.Value.IsNull() }

// Header is one header of a record.
type Header struct {
	Key string
	Datum
}

// Record is what flows: from a source connector through transforms and
// converters to Kafka, or from Kafka to a sink connector. Records live in
// batches by value; whoever keeps one beyond the call that handed it over
// copies the struct.
type Record struct {
	Topic     string
	Key       Datum
	Value     Datum
	Headers   []Header
	Timestamp int64 // milliseconds since the epoch, or NoTimestamp
	Offset    int64 // in a sink: the record's offset in its partition; in a source: -1
	Partition int32 // of Kafka, or NoPartition
}

// IsTombstone reports whether the record deletes its key: its value is null.
func (r *Record) IsTombstone() bool { return r.Value.IsNull() }
