package runtime

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/kafka"
)

// files is a pipeline of Kafka Connect's own example: a file to a topic, and the
// topic to another file.
func files(t *testing.T, c *kfake.Cluster) Pipeline {
	t.Helper()
	dir := t.TempDir()
	return Pipeline{
		Name:  "files",
		Kafka: kafka.Cluster{Brokers: c.ListenAddrs()},
		Worker: Worker{
			TaskShutdownGracefulTimeout: time.Minute, OffsetFlushInterval: 20 * time.Millisecond, OffsetStoragePartitions: 3,
			Group: &Group{ID: "files", SessionTimeout: 10 * time.Second, HeartbeatInterval: 50 * time.Millisecond, StatusStoragePartitions: 2},
		},
		Sources: []Source{{
			Name: "src", Connector: filestream.Source{File: filepath.Join(dir, "in.txt"), Topic: "t", BatchSize: 2000, MaxLineBytes: 1 << 20}, TasksMax: 1,
			KeyConverter: text{}, ValueConverter: text{}, Errors: Errors{Tolerance: "none"},
		}},
		Sinks: []Sink{{
			Name: "snk", Topics: []string{"t"}, Connector: filestream.Sink{File: filepath.Join(dir, "out.txt")}, TasksMax: 1,
			KeyConverter: text{}, ValueConverter: text{}, Errors: Errors{Tolerance: "none"},
		}},
	}
}

// topicT is a cluster with the topic t, of one partition.
func topicT(t *testing.T) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// stopped waits until a connector that is asked to stop has.
func (m *member) stopped(connector string) {
	m.t.Helper()
	eventually(m.t, connector+" to run", func() bool { return len(m.where(connector, "RUNNING", 1)) == 1 })
	if code, body := m.ask("PUT", "/connectors/"+connector+"/stop"); code != http.StatusNoContent {
		m.t.Fatalf("stop: %d %s", code, body)
	}
	eventually(m.t, connector+" to stop", func() bool {
		code, body := m.ask("DELETE", "/connectors/"+connector+"/offsets")
		return code == http.StatusOK && strings.Contains(string(body), "reset successfully")
	})
}

// Offsets that a sink cannot have are the client's fault, and change nothing.
func TestSinkOffsetsThatCannotBe(t *testing.T) {
	t.Parallel()
	m := starts(t, files(t, topicT(t)))
	defer m.leave()
	m.stopped("snk")
	const at = `{"partition":{"kafka_topic":%q,"kafka_partition":%p},"offset":%o}`
	place := func(topic, partition, offset string) string {
		return strings.NewReplacer("%q", topic, "%p", partition, "%o", offset).Replace(at)
	}
	good := place(`"t"`, "0", `{"kafka_offset":0}`)
	for _, x := range []struct {
		places, says string
		code         int
	}{
		{place(`"nope"`, "0", `{"kafka_offset":1}`), "there is no topic nope", 400},
		{place(`"t"`, "7", `{"kafka_offset":1}`), "topic t has 1 partitions, and no partition 7", 400},
		{good + "," + place(`"t"`, "1", `{"kafka_offset":1}`), "no partition 1", 400},
		{place(`"t t/"`, "0", `{"kafka_offset":1}`), "is no topic name", 400},
		{place(`"`+strings.Repeat("t", 250)+`"`, "0", `{"kafka_offset":1}`), "is no topic name", 400},
		{place(`"t"`, "-1", `{"kafka_offset":1}`), "negative", 400},
		{place(`"t"`, "0", `{"kafka_offset":-1}`), "", 400},
		{place(`"nope"`, "0", `null`), "", 200}, // there is nothing, as it is to be
		{place(`"t t/"`, "0", `null`), "", 200},
		{good, "altered successfully", 200},
	} {
		code, body := m.send("PATCH", "/connectors/snk/offsets", `{"offsets":[`+x.places+`]}`)
		if code != x.code || !strings.Contains(string(body), x.says) {
			t.Errorf("%.100s: %d %s", x.places, code, body)
		}
		if _, body := m.ask("GET", "/connectors/snk/offsets"); code != 200 && string(body) != `{"offsets":[]}` {
			t.Errorf("%.100s: changed %s", x.places, body)
		}
	}
	if _, body := m.ask("GET", "/connectors/snk/offsets"); string(body) != `{"offsets":[{"partition":{"kafka_partition":0,"kafka_topic":"t"},"offset":{"kafka_offset":0}}]}` {
		t.Errorf("at the end: %s", body)
	}
}

// Tasks that there are no longer, last said to run by an instance that was
// killed, or by a Kafka Connect cluster with the same topics, do not keep the
// connector's offsets from being altered.
func TestOffsetsBehindTasksThatAreNoMore(t *testing.T) {
	t.Parallel()
	c := topicT(t)
	p := files(t, c)
	m := starts(t, p)
	eventually(t, "the topics to be there", func() bool { return len(m.where("snk", "RUNNING", 1)) == 1 })
	m.leave()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for task, generation := range map[string]int{"1": 1, "2": 700} {
		said := fmt.Sprintf(`{"state":"RUNNING","trace":null,"worker_id":"10.0.0.9:8083","generation":%d,"version":null}`, generation)
		r := &kgo.Record{Topic: "connect-status", Key: []byte("status-task-snk-" + task), Value: []byte(said)}
		if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	m = starts(t, p)
	defer m.leave()
	m.stopped("snk") // its offsets are reset
	p.Worker.fill()
	if err := idleGroup(t.Context(), p, connTo(t, c), "snk"); err != nil {
		t.Errorf("the verb offsets: %v", err)
	}
}

// connTo is a connection to a cluster.
func connTo(t *testing.T, c *kfake.Cluster) *kafka.Conn {
	t.Helper()
	conn, err := kafka.Connect(kafka.Cluster{Brokers: c.ListenAddrs()}, kafka.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// asked is a source that does something when it is asked about offsets.
type asked struct {
	ticker
	then func()
}

func (a asked) AlterOffsets([]connect.AlteredOffset) error { a.then(); return nil }

// Offsets whose connector is resumed at another instance while they are altered
// are not said to be altered: a task may have begun at the old ones. Nor are
// they where it is stopped again by then.
func TestOffsetsOfAConnectorThatIsResumedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		c := topicT(t)
		p := files(t, c)
		p.Sinks = nil
		src := asked{ticker: ticker{Topic: "t", Share: 1}, then: func() {}}
		p.Sources[0].Connector = src
		other := starts(t, p)
		src.then = func() {
			other.ask("PUT", "/connectors/src/resume")
			eventually(t, "the task to run", func() bool { return len(other.where("src", "RUNNING", 1)) == 1 })
			if again {
				other.ask("PUT", "/connectors/src/stop")
			}
		}
		p.Sources = slices.Clone(p.Sources) // the other has the old ones
		p.Sources[0].Connector = src
		m := starts(t, p)
		eventually(t, "src to run", func() bool { return len(m.where("src", "RUNNING", 1)) == 1 })
		m.ask("PUT", "/connectors/src/stop")
		const to = `{"offsets":[{"partition":{"tick":"0"},"offset":{"at":7}}]}`
		eventually(t, "src to stop", func() bool {
			code, body := m.send("PATCH", "/connectors/src/offsets", to)
			if code == http.StatusConflict && strings.Contains(string(body), "was resumed while") {
				return true
			}
			if code != http.StatusBadRequest { // it has not stopped yet
				t.Fatalf("again %v: %d %s", again, code, body)
			}
			return false
		})
		m.leave()
		other.leave()
	}
}

// Topics that were forgotten are known again with the next records, as in Kafka
// Connect: not only when the task starts anew. A source that is exactly once
// relies on them to find what its predecessor has left open.
func TestTopicsComeBackAfterAReset(t *testing.T) {
	t.Parallel()
	p := files(t, topicT(t))
	file := p.Sources[0].Connector.(filestream.Source).File
	m := starts(t, p)
	defer m.leave()
	write := func() {
		f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString("a line\n"); err != nil {
			t.Fatal(err)
		}
	}
	topics := func(want string) func() bool {
		return func() bool {
			for _, name := range []string{"src", "snk"} {
				if _, body := m.ask("GET", "/connectors/"+name+"/topics"); string(body) != `{"`+name+`":{"topics":[`+want+`]}}` {
					return false
				}
			}
			return true
		}
	}
	write()
	eventually(t, "the topic to be known", topics(`"t"`))
	for _, name := range []string{"src", "snk"} {
		m.ask("PUT", "/connectors/"+name+"/topics/reset")
	}
	eventually(t, "the topic to be forgotten", topics(""))
	write()
	eventually(t, "the topic to be known again", topics(`"t"`))
}
