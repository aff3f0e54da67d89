package cdc

import (
	"time"

	"kcgen.dev/runtime/connect"
)

// heart is what heartbeats are made of.
type heart struct {
	topic      string
	key, value *connect.Schema
	server     connect.Datum
}

func newHeart(o Options, adjust adjuster) heart {
	h := heart{topic: NewTopics(o, false).Heartbeat}
	h.key = connect.NewStruct().Name(adjust("io.debezium.connector.common.ServerNameKey")).Version(1).
		Field("serverName", connect.StringSchema).MustBuild()
	h.value = connect.NewStruct().Name(adjust("io.debezium.connector.common.Heartbeat")).Version(1).
		Field("ts_ms", connect.Int64Schema).MustBuild()
	st := &connect.Struct{Schema: h.key, Slots: []connect.Value{connect.String(o.TopicPrefix)}}
	h.server = connect.Datum{Schema: h.key, Value: st.Value()}
	return h
}

// Heartbeat adds a record that says that the capture is alive. The mark behind it
// is what lets the database forget.
func (e *Emitter) Heartbeat(b *connect.Batch, now time.Time) {
	e.slab.Begin()
	r := b.Add()
	r.Topic, r.Partition = e.heart.topic, 0
	r.Key = e.heart.server
	v := e.slab.Struct(e.heart.value)
	v.Slots[0] = connect.Int64(now.UnixMilli())
	r.Value = connect.Datum{Schema: e.heart.value, Value: v.Value()}
}
