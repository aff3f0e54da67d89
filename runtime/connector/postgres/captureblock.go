package postgres

import (
	"strconv"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// The slots of a source block that are PostgreSQL's.
const (
	blockSchema = cdc.SourceOwn + iota
	blockTable
	blockTxID
	blockLSN
	blockXmin
	blockOrigin
	blockOriginLSN
)

func sourceSchema() *connect.Schema {
	return cdc.NewSourceSchema("io.debezium.connector.postgresql.Source").
		Field("schema", connect.StringSchema).
		Field("table", connect.StringSchema).
		Field("txId", connect.OptionalInt64Schema).
		Field("lsn", connect.OptionalInt64Schema).
		Field("xmin", connect.OptionalInt64Schema).
		Field("origin", connect.OptionalStringSchema).
		Field("origin_lsn", connect.OptionalInt64Schema).
		MustBuild()
}

// block is the source block of what happens at the position to a table.
func (s *session) block(schema, table string, mark cdc.Mark) *connect.Struct {
	b := s.emit.Source(time.UnixMicro(s.pos.time), s.config.Database, mark)
	b.Slots[cdc.SourceSequence] = s.sequence()
	b.Slots[blockSchema], b.Slots[blockTable] = connect.String(schema), connect.String(table)
	if mark == cdc.Incremental {
		return b
	}
	if s.pos.txID != 0 {
		b.Slots[blockTxID] = connect.Int64(s.pos.txID)
	}
	if s.pos.at != 0 {
		b.Slots[blockLSN] = connect.Int64(int64(s.pos.at))
	}
	return b
}

// stamp has a source block tell another time than the position's.
func stamp(b *connect.Struct, at time.Time) {
	b.Slots[cdc.SourceTsMs] = connect.Int64(at.UnixMilli())
	b.Slots[cdc.SourceTsUs] = connect.Int64(at.UnixMicro())
	b.Slots[cdc.SourceTsNs] = connect.Int64(at.UnixNano())
}

// sequence is the text ["end of the last transaction","place"]: by it records of
// one table can be put in order.
func (s *session) sequence() connect.Value {
	dst := s.current.buffer.Start()
	dst = appendPlace(append(dst, '['), s.pos.ended)
	dst = appendPlace(append(dst, ','), s.pos.at)
	return connect.Text(s.current.buffer.Finish(append(dst, ']')))
}

func appendPlace(dst []byte, l lsn) []byte {
	if l == 0 {
		return append(dst, "null"...)
	}
	return append(strconv.AppendUint(append(dst, '"'), uint64(l), 10), '"')
}

// tagTransactions puts the place in the log behind the ids of transactions in the
// records from n on, as Debezium does.
func (s *session) tagTransactions(n int) {
	if !s.cfg.ProvideTransactionMetadata {
		return
	}
	for i := n; i < len(s.batch.Records); i++ {
		r := &s.batch.Records[i]
		value := r.Value.Value.Struct()
		switch {
		case value == nil:
		case r.Topic == s.emit.Topics.Transaction:
			s.tagTransaction(value, 1)
			s.tagTransaction(r.Key.Value.Struct(), 0)
		case len(value.Slots) > cdc.SlotTransaction:
			s.tagTransaction(value.Slots[cdc.SlotTransaction].Struct(), 0)
		}
	}
}

func (s *session) tagTransaction(st *connect.Struct, slot int) {
	if st != nil {
		id := append(append([]byte(nil), st.Slots[slot].Raw()...), ':')
		st.Slots[slot] = connect.Text(strconv.AppendUint(id, uint64(s.pos.at), 10))
	}
}
