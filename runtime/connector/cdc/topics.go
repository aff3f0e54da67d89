package cdc

import "strings"

// Topics names the topics of a capture.
type Topics struct {
	Heartbeat   string // of heartbeats
	Transaction string // of begins and ends of transactions
	Schema      string // of changes of schemas

	prefix, delimiter string
	catalogs          bool
}

// NewTopics are the topics that the options say. catalogs is whether tables are
// named by their catalog, and not by their schema.
func NewTopics(o Options, catalogs bool) Topics {
	t := Topics{Schema: o.TopicPrefix, prefix: o.TopicPrefix, delimiter: or(o.TopicDelimiter, "."), catalogs: catalogs}
	t.Transaction = t.prefix + t.delimiter + or(o.TopicTransaction, "transaction")
	t.Heartbeat = or(o.TopicHeartbeatName, or(o.TopicHeartbeatPrefix, "__debezium-heartbeat")+t.delimiter+t.prefix)
	return t
}

// Of is the topic of a table's changes.
func (t Topics) Of(id TableID) string {
	parts := []string{t.prefix}
	for _, p := range []string{t.group(id), id.Table} {
		if strings.TrimSpace(p) != "" {
			parts = append(parts, p)
		}
	}
	return sanitize(strings.Join(parts, t.delimiter))
}

func (t Topics) group(id TableID) string {
	if t.catalogs {
		return id.Catalog
	}
	return id.Schema
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
