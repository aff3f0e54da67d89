package worker

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/secret"
)

// right is what a user of the fake broker may do; a topic's name is a prefix.
func right(on kmsg.ACLResourceType, name string, op kmsg.ACLOperation) kfake.ACL {
	return kfake.ACL{Resource: on, Name: name, Pattern: kmsg.ACLResourcePatternTypePrefixed, Operation: op, Allow: true}
}

// Connectors come to their records with the rights of their own logins: nobody
// but the source's producer may write the topic, nobody but the sink's consumer
// read it, nobody but their admins make topics, and the sink's producer alone
// may write the dead letters.
func TestOwnLogins(t *testing.T) {
	const topic, group, cluster_ = kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeGroup, kmsg.ACLResourceTypeCluster
	const read, write, create, describe = kmsg.ACLOperationRead, kmsg.ACLOperationWrite, kmsg.ACLOperationCreate, kmsg.ACLOperationDescribe
	const settings = kmsg.ACLOperationDescribeConfigs
	t.Setenv("KCGEN_TEST_SECRET", "x")
	c := cluster(t, kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.User("PLAIN", "worker", "x", right(topic, "connect-offsets", read), right(topic, "connect-offsets", write), right(topic, "connect-offsets", create),
			right(topic, "", describe), right(topic, "", settings)),
		kfake.User("PLAIN", "writer", "x", right(topic, "t", write)),
		kfake.User("PLAIN", "letters", "x", right(topic, "dlq", write)),
		kfake.User("PLAIN", "reader", "x", right(topic, "t", read), right(group, "connect-", read)),
		kfake.User("PLAIN", "maker", "x", right(topic, "", create), right(topic, "", describe), right(cluster_, "kafka-cluster", create)),
	)
	as := func(user string) *kafka.SASL {
		s := &kafka.SASL{Mechanism: "PLAIN", Username: user, Password: secret.Ref("${env:KCGEN_TEST_SECRET}"), AllowWithoutTLS: true}
		if err := secret.Resolve(s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	cfg, lb := config(t, c)
	cfg.Cluster.SASL = as("worker")
	src, out := source(&lines{topic: "t", all: count(10)}), &memory{}
	src.Topics = &TopicRules{Default: TopicRule{Partitions: 1, ReplicationFactor: 1}}
	src.Producer.SASL, src.Admin = as("writer"), &kafka.Admin{SASL: as("maker")}
	snk := sinkOf(out, "t")
	snk.Value = raw{decode: refuse(count(10)()[3])}
	snk.Errors = Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1}}
	snk.Consumer.SASL, snk.Producer.SASL, snk.Admin = as("reader"), as("letters"), &kafka.Admin{SASL: as("maker")}
	cfg.Sources, cfg.Sinks = []Source{src}, []Sink{snk}
	if _, err := run(t, cfg); err != nil {
		t.Fatalf("%v\n%s", err, lb)
	}
	want := slices.Delete(count(10)(), 3, 4)
	if got := out.got(); !slices.Equal(got, want) || end(t, c, "dlq") != 1 {
		t.Errorf("%d records and %d letters", len(got), end(t, c, "dlq"))
	}
}
