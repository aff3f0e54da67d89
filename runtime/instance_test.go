package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// ticker is a source of several tasks, each of which gives numbers for ever.
type ticker struct {
	Topic string `json:"topic"`
	Share int    `json:"share"`
}

type tickTask struct {
	ticker
	p  *connect.SourcePartition
	at int64
}

func (k ticker) Tasks(_ context.Context, most int) ([]connect.SourceTask, error) {
	out := make([]connect.SourceTask, k.Share)
	for i := range out {
		out[i] = &tickTask{ticker: k, p: connect.Partition("tick", fmt.Sprint(i))}
	}
	return out, nil
}

func (t *tickTask) Open(_ context.Context, tc connect.SourceContext) error {
	if o := tc.Offsets.Offset(t.p); o != nil {
		t.at = o["at"].(int64)
	}
	return nil
}

func (t *tickTask) Poll(ctx context.Context, b *connect.Batch) error {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(10 * time.Millisecond):
	}
	t.at++
	r := b.Add()
	r.Topic, r.Value = t.Topic, connect.Datum{Value: connect.String(fmt.Sprintf("%v %d", t.p.Pairs[0].Value, t.at))}
	b.Mark(t.p, connect.SourceOffset{"at": t.at})
	return nil
}

func (t *tickTask) Close() error { return nil }

// member is an instance of a group, under test.
type member struct {
	t    *testing.T
	url  string
	stop context.CancelFunc
	done chan error
}

func (m *member) ask(method, path string) (int, []byte) { return m.send(method, path, "") }

// send asks with a body of JSON.
func (m *member) send(method, path, body string) (int, []byte) {
	m.t.Helper()
	req, err := http.NewRequest(method, m.url+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return r.StatusCode, b
}

// where are the workers of a connector's running tasks; nil until all run.
func (m *member) where(connector, phase string, tasks int) map[string]int {
	code, b := m.ask("GET", "/connectors/"+connector+"/status")
	var s struct {
		Tasks []struct {
			State    string `json:"state"`
			WorkerID string `json:"worker_id"`
		} `json:"tasks"`
	}
	if code != http.StatusOK || json.Unmarshal(b, &s) != nil || len(s.Tasks) != tasks {
		return nil
	}
	out := map[string]int{}
	for _, x := range s.Tasks {
		if x.State != phase {
			return nil
		}
		out[x.WorkerID]++
	}
	return out
}

func joins(t *testing.T, c *kfake.Cluster, tasks int) *member {
	t.Helper()
	return starts(t, Pipeline{
		Name:  "ticks",
		Kafka: kafka.Cluster{Brokers: c.ListenAddrs()},
		Worker: Worker{
			TaskShutdownGracefulTimeout: time.Minute, OffsetFlushInterval: 50 * time.Millisecond, OffsetStoragePartitions: 3,
			Group: &Group{ID: "ticks", SessionTimeout: 10 * time.Second, HeartbeatInterval: 50 * time.Millisecond, StatusStoragePartitions: 2},
		},
		Sources: []Source{{
			Name: "src", Connector: ticker{Topic: "t", Share: tasks}, TasksMax: tasks,
			KeyConverter: text{}, ValueConverter: text{}, Errors: Errors{Tolerance: "none"},
		}},
	})
}

// starts runs a pipeline with the REST API.
func starts(t *testing.T, p Pipeline) *member {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	p.Worker.Rest = &REST{Listen: address}
	ctx, stop := context.WithCancel(t.Context())
	m := &member{t: t, url: "http://" + address, stop: stop, done: make(chan error, 1)}
	go func() {
		_, err := Run(ctx, p, Options{})
		m.done <- err
	}()
	return m
}

func (m *member) leave() {
	m.t.Helper()
	m.stop()
	if err := <-m.done; err != nil {
		m.t.Error(err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for begun := time.Now(); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > 2*time.Minute {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// Instances share the tasks, each answers for all, and what is asked of one
// holds for all and for those that come later. What moves is neither lost nor
// doubled where instances stop as they should.
func TestInstancesShare(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const tasks = 4
	a := joins(t, c, tasks)
	eventually(t, "one instance to run all", func() bool { return len(a.where("src", "RUNNING", tasks)) == 1 })
	b := joins(t, c, tasks)
	eventually(t, "two instances to share", func() bool {
		w := a.where("src", "RUNNING", tasks)
		return len(w) == 2 && w[a.url[7:]] == 2
	})
	eventually(t, "the other one to say so", func() bool { return len(b.where("src", "RUNNING", tasks)) == 2 })

	if code, _ := b.ask("PUT", "/connectors/src/pause"); code != http.StatusAccepted {
		t.Fatalf("pause: %d", code)
	}
	eventually(t, "all to pause", func() bool { return len(a.where("src", "PAUSED", tasks)) == 2 })
	a.leave()
	eventually(t, "the one that is left to have all, paused", func() bool { return len(b.where("src", "PAUSED", tasks)) == 1 })
	d := joins(t, c, tasks)
	eventually(t, "a new one to share, paused", func() bool { return len(d.where("src", "PAUSED", tasks)) == 2 })
	if code, body := d.ask("DELETE", "/connectors/src/offsets"); code != http.StatusBadRequest {
		t.Errorf("offsets of a connector that is not stopped: %d %s", code, body)
	}
	d.ask("PUT", "/connectors/src/resume")
	eventually(t, "all to go on", func() bool { return len(b.where("src", "RUNNING", tasks)) == 2 })
	if code, _ := d.ask("POST", "/connectors/src/tasks/0/restart"); code != http.StatusNoContent {
		t.Errorf("restart of a task: %d", code)
	}
	if _, body := d.ask("GET", "/metrics"); !strings.Contains(string(body), `kafka_connect_worker_rebalance_info{group="ticks"`) {
		t.Errorf("metrics: %s", body)
	}
	var leaving sync.WaitGroup
	leaving.Go(b.leave)
	leaving.Go(d.leave)
	leaving.Wait()
	inOrder(t, c)
}

// metric is the sum of the samples whose line begins with a text.
func (m *member) metric(sample string) (sum float64) {
	_, body := m.ask("GET", "/metrics")
	for line := range strings.Lines(string(body)) {
		if strings.HasPrefix(line, sample) {
			n, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' '):]), 64)
			if err != nil {
				m.t.Fatal(err)
			}
			sum += n
		}
	}
	return sum
}

// Instances give the figures of what they have: together of each task and each
// connector once.
func TestMetricsOfSeveralInstances(t *testing.T) {
	t.Parallel()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const tasks = 3
	var all []*member
	for range 3 {
		all = append(all, joins(t, c, tasks))
	}
	is := func(want ...float64) func() bool {
		return func() bool {
			var got []float64
			for _, sample := range []string{
				"kafka_connect_worker_task_count ", "kafka_connect_worker_connector_count ",
				`kafka_connect_worker_connector_task_count{connector="src",status="running"}`, `kafka_connect_worker_connector_task_count`,
				`kafka_connect_connector_task_status`,
			} {
				sum := 0.0
				for _, m := range all {
					sum += m.metric(sample)
				}
				got = append(got, sum)
			}
			return slices.Equal(got, want)
		}
	}
	eventually(t, "one task in each", func() bool { return len(all[0].where("src", "RUNNING", tasks)) == 3 })
	eventually(t, "each to be counted once", is(tasks, 1, tasks, tasks, tasks))
	for _, m := range all {
		if n := m.metric("kafka_connect_worker_task_count "); n != 1 {
			t.Errorf("%v tasks in one instance", n)
		}
	}
	all[0].leave()
	all = all[1:]
	eventually(t, "the others to count its task", is(tasks, 1, tasks, tasks, tasks))
	all[0].leave()
	all[1].leave()
}

// inOrder checks that each task's numbers are there, once and in order.
func inOrder(t *testing.T, c *kfake.Cluster) {
	t.Helper()
	left := c.PartitionInfo("t", 0).HighWatermark
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics("t"))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	last := map[string]int{}
	for left > 0 && ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			left--
			var tick string
			var n int
			fmt.Sscanf(string(r.Value), "%s %d", &tick, &n)
			if n != last[tick]+1 {
				t.Errorf("task %s: %d behind %d", tick, n, last[tick])
			}
			last[tick] = n
		})
	}
	if left > 0 || len(last) != 4 {
		t.Errorf("%d tasks, %d records not read", len(last), left)
	}
}
