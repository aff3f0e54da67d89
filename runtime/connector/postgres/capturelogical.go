package postgres

import (
	"strconv"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// messages is how records of messages look that programs write into the log.
type messages struct {
	key, block, value *connect.Schema
	content           mapping
}

// newMessages makes the schemas. adjust is Debezium's schema.name.adjustment.mode.
func newMessages(m modes, source *connect.Schema) messages {
	content := m.bytes(decodeTextBytes)
	text := connect.OptionalStringSchema
	s := messages{content: content}
	s.key = connect.NewStruct().Name("io.debezium.connector.postgresql.MessageKey").Version(1).Field("prefix", text).MustBuild()
	s.block = connect.NewStruct().Name("io.debezium.connector.postgresql.Message").Version(1).
		Field("prefix", text).Field("content", content.schema().Optional().MustBuild()).MustBuild()
	s.value = connect.NewStruct().Name("io.debezium.connector.postgresql.MessageValue").Version(1).
		Field("op", connect.StringSchema).Field("ts_ms", connect.OptionalInt64Schema).
		Field("source", source).Field("transaction", cdc.TransactionBlockSchema).Field("message", s.block).MustBuild()
	return s
}

// messageCollection is what each message is counted under in a transaction, with
// its place behind it. Debezium has the address of an object there.
const messageCollection = "io.debezium.connector.postgresql.LogicalDecodingMessageMonitor$LogicalDecodingMessageId@"

// logical takes a message that a program wrote into the log.
func (s *stream) logical(at lsn, body []byte) error {
	m, err := readLogical(body)
	if err != nil {
		return err
	}
	if m.transactional && s.replay.had(at, true) || !m.transactional && s.replay.alone(at) {
		return nil
	}
	if m.transactional {
		s.moved(at, kindMessage)
	} else {
		s.pos.at, s.pos.processed, s.pos.commit, s.pos.ended, s.pos.message = at, at, at, at, kindMessage
		s.pos.events, s.pos.txID = 0, 0
		s.pos.streams()
	}
	if !s.sieve.message(m.prefix) {
		return nil
	}
	prefix := connect.String(m.prefix)
	content, err := s.messages.content.decode(&s.current, m.content)
	if err != nil {
		return err
	}
	place := connect.Null
	if m.transactional {
		place = s.emit.Place(&s.batch, messageCollection+strconv.FormatUint(uint64(at), 16), s.txText, time.UnixMicro(s.tx.at))
	}
	r := s.batch.Add()
	r.Topic = s.cfg.TopicPrefix + ".message"
	r.Key = connect.Datum{Schema: s.messages.key, Value: (&connect.Struct{Schema: s.messages.key, Slots: []connect.Value{prefix}}).Value()}
	block := &connect.Struct{Schema: s.messages.block, Slots: []connect.Value{prefix, content}}
	source := s.block("", "", cdc.Streamed)
	s.fillOrigin(source)
	value := newStruct(s.messages.value)
	value.Slots[0], value.Slots[1] = connect.String("m"), connect.Int64(time.Now().UnixMilli())
	value.Slots[2], value.Slots[3], value.Slots[4] = source.Value(), place, block.Value()
	r.Value = connect.Datum{Schema: s.messages.value, Value: value.Value()}
	return nil
}
