package kafka

import "github.com/twmb/franz-go/pkg/kgo"

// partitioner takes the partition that a record names, and else does what
// Kafka's own default does: the murmur2 hash of the key, and for records
// without a key one partition after another, changing after so many bytes
// (KIP-794).
type partitioner struct{ kgo.Partitioner }

func newPartitioner(stickyBytes int) kgo.Partitioner {
	return partitioner{kgo.UniformBytesPartitioner(stickyBytes, true, true, nil)}
}

func (p partitioner) ForTopic(topic string) kgo.TopicPartitioner {
	return topicPartitioner{p.Partitioner.ForTopic(topic).(kgo.TopicBackupPartitioner)}
}

type topicPartitioner struct{ kgo.TopicBackupPartitioner }

func (p topicPartitioner) RequiresConsistency(r *kgo.Record) bool {
	return r.Partition >= 0 || p.TopicBackupPartitioner.RequiresConsistency(r)
}

func (p topicPartitioner) PartitionByBackup(r *kgo.Record, n int, b kgo.TopicBackupIter) int {
	if r.Partition >= 0 {
		return int(r.Partition) // the client refuses one that is not there
	}
	return p.TopicBackupPartitioner.PartitionByBackup(r, n, b)
}
