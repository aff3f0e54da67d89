package sql

import (
	"fmt"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// position is how far a table was read: rows with higher values come next.
type position struct {
	number    int64 // of the incrementing column
	hasNumber bool
	at        time.Time // of the timestamp column
	hasTime   bool
}

// offset is the position in Kafka Connect's JDBC source's own form:
// {"incrementing":N,"timestamp":milliseconds,"timestamp_nanos":of the second}.
func (p position) offset() connect.SourceOffset {
	o := make(connect.SourceOffset, 3)
	if p.hasNumber {
		o["incrementing"] = p.number
	}
	if p.hasTime {
		o["timestamp"] = p.at.UnixMilli()
		o["timestamp_nanos"] = int64(p.at.Nanosecond())
	}
	return o
}

// positionOf reads an offset. What is missing in it is not known.
func positionOf(o connect.SourceOffset) (p position, err error) {
	if p.number, p.hasNumber, err = whole(o, "incrementing"); err != nil {
		return p, err
	}
	ms, ok, err := whole(o, "timestamp")
	if err != nil || !ok {
		return p, err
	}
	p.at, p.hasTime = time.UnixMilli(ms).UTC(), true
	nanos, ok, err := whole(o, "timestamp_nanos")
	if err != nil || !ok {
		return p, err
	}
	if nanos < 0 || nanos > 999_999_999 {
		return p, fmt.Errorf("timestamp_nanos is %d, not the nanoseconds of a second", nanos)
	}
	p.at = time.Unix(p.at.Unix(), nanos).UTC()
	return p, nil
}

// whole reads a number of an offset; one that is null is not there.
func whole(o connect.SourceOffset, name string) (int64, bool, error) {
	v, ok := o[name]
	if !ok || v == nil {
		return 0, false, nil
	}
	n, ok := v.(int64)
	if !ok {
		return 0, false, fmt.Errorf("%s is %v, not a whole number; set or reset the offset", name, v)
	}
	return n, true, nil
}

// String is for logs.
func (p position) String() string {
	switch {
	case p.hasTime && p.hasNumber:
		return fmt.Sprintf("%s, %d", p.at.Format(time.RFC3339Nano), p.number)
	case p.hasTime:
		return p.at.Format(time.RFC3339Nano)
	case p.hasNumber:
		return fmt.Sprint(p.number)
	}
	return "the beginning"
}

// tablePartition is a table's partition as the JDBC source's protocol 1 has it.
func tablePartition(name string) *connect.SourcePartition {
	return connect.Partition("protocol", "1", "table", name)
}

// queryPartition is the partition of a query.
func queryPartition() *connect.SourcePartition { return connect.Partition("query", "query") }

// committed finds a table's offset under the names that versions of the JDBC
// source have given it, and the partition under which it goes on: the one in
// which it was found, unless that is of protocol 0, which is not written any
// more. The catalog is what names may begin with where the table has none.
func committed(offsets connect.OffsetReader, t database.Table, catalog string) (*connect.SourcePartition, connect.SourceOffset) {
	known := names(t)
	if catalog != "" && t.Catalog == "" {
		known = append(known, database.Table{Catalog: catalog, Schema: t.Schema, Name: t.Name}.String())
	}
	for _, name := range known {
		p := tablePartition(name)
		if o := offsets.Offset(p); o != nil {
			return p, o
		}
	}
	return tablePartition(t.String()), offsets.Offset(connect.Partition("table", t.Name))
}
