package e2e_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/servertest"
)

// fate is what became of the records of a topic.
type fate struct {
	state     string
	committed int64
	sink      []string
	letters   int64
	lost      int
}

func (f fate) String() string {
	return fmt.Sprintf("task %s, group's offset %d, %d in the sink, %d in the dead letter queue, %d nowhere though the offset is past them", f.state, f.committed, len(f.sink), f.letters, f.lost)
}

// Fifteen records, of which five are no JSON, and a dead letter queue that is
// too small for those. Kafka Connect goes on and commits past five records that
// are nowhere. We fail before the first of them, and lose none once the queue
// is mended.
func TestDeadLetterQueueBesideKafkaConnect(t *testing.T) {
	b := servertest.SharedKafka(t)
	admin := kadm.NewClient(b.Client(t))
	topic, name, queue := servertest.Unique("orders"), servertest.Unique("archive"), servertest.Unique("orders-dlq")
	b.CreateTopic(t, topic, 1)
	b.CreateTopic(t, queue, 1, "max.message.bytes", "300")
	cl := b.Client(t)
	var records []*kgo.Record
	for i := range 15 {
		v := fmt.Sprintf(`{"order":%d}`, i)
		if i%3 == 1 {
			v = "{no JSON " + strings.Repeat("x", 400)
		}
		records = append(records, &kgo.Record{Topic: topic, Value: []byte(v)})
	}
	if err := cl.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}

	theirs := connectsFate(t, b, admin, topic, name+"-connect", queue)
	ours := ourFate(t, b, admin, topic, name+"-kcgen", queue)
	t.Logf("15 records, 5 of them malformed; the dead letter queue takes none of the 5:\n\tKafka Connect 4.3.1: %v\n\tkcgen:               %v", theirs, ours)
	if theirs.state != "RUNNING" || theirs.lost != 5 {
		t.Errorf("Kafka Connect no longer does what was seen of 4.3.1: %v", theirs)
	}
	if ours.state != "FAILED" || ours.lost != 0 || ours.committed > 1 {
		t.Errorf("kcgen: %v", ours)
	}

	limit := "100000"
	if _, err := admin.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &limit}}, queue); err != nil {
		t.Fatal(err)
	}
	mended := ourFate(t, b, admin, topic, name+"-kcgen", queue)
	if mended.state != "STOPPED" || mended.committed != 15 || mended.letters != 5 || len(mended.sink) != 10 {
		t.Errorf("with a queue that takes them: %v", mended)
	}
	t.Logf("\tkcgen, with a queue that takes them: %v", mended)
}

// judge counts what is nowhere: the group is past it, and neither the file nor
// the queue has it.
func judge(t *testing.T, admin *kadm.Client, state, topic, name, queue, file string) fate {
	t.Helper()
	f := fate{state: state, committed: groupOffset(t, admin, name, topic)}
	text, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	f.sink = slices.DeleteFunc(strings.Split(string(text), "\n"), func(s string) bool { return s == "" })
	ends, err := admin.ListEndOffsets(t.Context(), queue)
	if err != nil || ends.Error() != nil {
		t.Fatal(err, ends.Error())
	}
	if o, ok := ends.Lookup(queue, 0); ok {
		f.letters = o.Offset
	}
	f.lost = max(0, int(f.committed)-len(f.sink)-int(f.letters))
	return f
}

func groupOffset(t *testing.T, admin *kadm.Client, name, topic string) int64 {
	t.Helper()
	offsets, err := admin.FetchOffsets(t.Context(), "connect-"+name)
	if kerr.IsRetriable(err) {
		return -1
	}
	if err != nil {
		t.Fatal(err)
	}
	if o, ok := offsets.Lookup(topic, 0); ok {
		return o.At
	}
	return 0
}

func connectsFate(t *testing.T, b *servertest.Broker, admin *kadm.Client, topic, name, queue string) fate {
	t.Helper()
	file := filepath.Join(t.TempDir(), "connect.txt")
	w := servertest.Connect(t, b, nil, map[string]string{
		"name": name, "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "tasks.max": "1",
		"topics": topic, "file": file,
		"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false",
		"errors.tolerance": "all", "errors.deadletterqueue.topic.name": queue,
		"errors.deadletterqueue.topic.replication.factor": "1",
	})
	ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
	defer cancel()
	for groupOffset(t, admin, name, topic) < 15 {
		select {
		case <-ctx.Done():
			t.Fatalf("Kafka Connect committed no offset; its log:\n%s", w.LogTail(20))
		case <-time.After(100 * time.Millisecond):
		}
	}
	var status struct{ Tasks []struct{ State string } }
	if err := w.Get(ctx, "/connectors/"+name+"/status", &status); err != nil || len(status.Tasks) != 1 {
		t.Fatalf("%v %+v", err, status)
	}
	return judge(t, admin, status.Tasks[0].State, topic, name, queue, file)
}

func ourFate(t *testing.T, b *servertest.Broker, admin *kadm.Client, topic, name, queue string) fate {
	t.Helper()
	file := filepath.Join(os.TempDir(), name+".txt")
	t.Cleanup(func() { os.Remove(file) })
	json := convert.JSON{}
	ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
	defer cancel()
	stats, err := runtime.Run(ctx, runtime.Pipeline{
		Name: name, Kafka: kafka.Cluster{Brokers: []string{b.Addr()}},
		Sinks: []runtime.Sink{{
			Name: name, Topics: []string{topic}, Connector: filestream.Sink{File: file}, TasksMax: 1,
			KeyConverter: convert.String{}, ValueConverter: json,
			Errors: runtime.Errors{Tolerance: "all", DeadLetterQueue: &runtime.DeadLetterQueue{TopicName: queue, TopicReplicationFactor: 1}},
		}},
	}, runtime.Options{IdleExit: time.Second})
	if len(stats) != 1 {
		t.Fatal(err)
	}
	if err != nil {
		t.Logf("kcgen says: %v", err)
	}
	return judge(t, admin, stats[0].State.String(), topic, name, queue, file)
}
