package runtime

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// mute is a ticker that says late what its tasks are.
type mute struct {
	ticker
	say chan struct{}
}

func (m mute) Tasks(ctx context.Context, n int) ([]connect.SourceTask, error) {
	<-m.say
	return m.ticker.Tasks(ctx, n)
}

// A source whose Tasks hangs keeps a program that has no worker.callTimeout from
// nothing: the others run, REST answers and says what is wrong; and the source
// runs as soon as it can.
func TestMuteSourceHoldsNobodyUp(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for ten seconds: make test does; TestSlowTasksHoldNobodyUp of the worker is its short form")
	}
	t.Parallel()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	say := make(chan struct{})
	src := func(name string, of connect.Source) Source {
		return Source{Name: name, Connector: of, TasksMax: 1, KeyConverter: text{}, ValueConverter: text{}, Errors: Errors{Tolerance: "none"}}
	}
	p := Pipeline{
		Name: "ticks", Kafka: kafka.Cluster{Brokers: c.ListenAddrs()},
		Worker: Worker{TaskShutdownGracefulTimeout: time.Minute, Rest: &REST{Listen: address}},
		Sources: []Source{
			src("bad", mute{ticker{Topic: "bad", Share: 1}, say}),
			src("good", ticker{Topic: "good", Share: 1}),
		},
	}
	ctx, stop := context.WithCancel(t.Context())
	m := &member{t: t, url: "http://" + address, stop: stop, done: make(chan error, 1)}
	go func() {
		_, err := Run(ctx, p, Options{})
		m.done <- err
	}()
	eventually(t, "the other one to run", func() bool { return len(m.where("good", "RUNNING", 1)) == 1 })
	code, body := m.ask("GET", "/connectors/bad/status")
	if code != http.StatusOK || !strings.Contains(string(body), "its Tasks has not returned") || !strings.Contains(string(body), "FAILED") {
		t.Errorf("REST says of the one that hangs: %d %s", code, body)
	}
	if code, body := m.ask("POST", "/connectors/bad/restart"); code/100 != 2 {
		t.Errorf("a restart of the one that hangs: %d %s", code, body)
	}
	close(say)
	eventually(t, "the late one to run", func() bool { return len(m.where("bad", "RUNNING", 1)) == 1 })
	m.leave()
}
