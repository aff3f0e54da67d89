package e2e_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/servertest"
)

// javaPartition is the partition that Java's default partitioner gives a key:
// Kafka's murmur2, without its sign, modulo the partitions.
func javaPartition(key string, partitions int32) int32 {
	const m, seed = 0x5bd1e995, 0x9747b28c
	data := []byte(key)
	h := uint32(seed) ^ uint32(len(data))
	for ; len(data) >= 4; data = data[4:] {
		k := binary.LittleEndian.Uint32(data) * m
		k ^= k >> 24
		h = h*m ^ k*m
	}
	for i := len(data) - 1; i >= 0; i-- {
		h ^= uint32(data[i]) << (8 * i)
	}
	if len(data) > 0 {
		h *= m
	}
	h ^= h >> 13
	h *= m
	h ^= h >> 15
	return int32(h&0x7fffffff) % partitions
}

// Kafka's own producer decides what is right.
func TestJavaPartition(t *testing.T) {
	l := newLab(t, servertest.SharedKafka(t), "source")
	topic := servertest.Unique("keys")
	l.broker.CreateTopic(t, topic, 25)
	var lines strings.Builder
	const n = 100
	for i := range n {
		// The lengths cover every rest of a division by four.
		fmt.Fprintf(&lines, "[\"c-%s\",{\"filename\":\"/data/%d.txt\"}]\tvalue\n", strings.Repeat("x", i%7), i)
	}
	java := l.broker.Tool("org.apache.kafka.tools.ConsoleProducer", "--bootstrap-server", l.broker.Addr(), "--topic", topic, "--reader-property", "parse.key=true")
	java.Stdin = strings.NewReader(lines.String())
	if out, err := java.CombinedOutput(); err != nil {
		t.Fatalf("ConsoleProducer: %v\n%s", err, out)
	}
	records := l.records(topic)
	if len(records) != n {
		t.Fatalf("the topic holds %d records, want %d", len(records), n)
	}
	for _, r := range records {
		if got := javaPartition(string(r.Key), 25); got != r.Partition {
			t.Errorf("%s: partition %d, Java took %d", r.Key, got, r.Partition)
		}
	}
}
