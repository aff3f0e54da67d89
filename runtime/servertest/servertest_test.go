package servertest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// The data and the address survive a kill.
func TestKafkaRestartKeepsData(t *testing.T) {
	b := servertest.Kafka(t)
	b.CreateTopic(t, "kept", 1)
	addr := b.Addr()
	produce(t, b, "kept", "one")
	if err := b.Restart(); err != nil {
		t.Fatal(err)
	}
	if b.Addr() != addr {
		t.Errorf("address %s became %s", addr, b.Addr())
	}
	if got := first(t, b, "kept"); got != "one" {
		t.Errorf("after a restart the topic holds %q, want %q", got, "one")
	}
}

// A paused broker answers nothing, and all when it is resumed.
func TestKafkaPause(t *testing.T) {
	b := servertest.Kafka(t)
	b.CreateTopic(t, "paused", 1)
	if err := b.Pause(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := b.Client(t).Ping(ctx); err == nil {
		t.Error("a paused broker answered")
	}
	if err := b.Resume(); err != nil {
		t.Fatal(err)
	}
	produce(t, b, "paused", "late")
}

// A broker's clock jumps when it is told to, both ways, and the broker goes on.
func TestKafkaClock(t *testing.T) {
	b := servertest.Kafka(t, servertest.KafkaClock())
	b.CreateTopic(t, "timed", 1, "message.timestamp.type", "LogAppendTime")
	cl := b.Client(t, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"timed": {0: kgo.NewOffset().At(0)}}))
	for _, jump := range []time.Duration{0, time.Hour, -time.Hour, 24 * time.Hour} {
		if err := b.SetClock(jump); err != nil {
			t.Fatal(err)
		}
		for told := false; !told; {
			from := time.Now()
			if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "timed", Value: []byte("x")}).FirstErr(); err != nil {
				t.Fatal(err)
			}
			fetches := cl.PollFetches(t.Context())
			if err := fetches.Err(); err != nil {
				t.Fatal(err)
			}
			for _, r := range fetches.Records() {
				at := r.Timestamp.Add(-jump)
				told = at.After(from.Add(-time.Minute)) && at.Before(time.Now().Add(time.Minute))
			}
		}
	}
}

func TestSharedKafkaIsOne(t *testing.T) {
	var wg sync.WaitGroup
	brokers := make([]*servertest.Broker, 4)
	for i := range brokers {
		wg.Go(func() { brokers[i] = servertest.SharedKafka(t) })
	}
	wg.Wait()
	for _, b := range brokers {
		if b != brokers[0] {
			t.Fatal("two brokers were started")
		}
	}
}

func produce(t *testing.T, b *servertest.Broker, topic, value string) {
	t.Helper()
	err := b.Client(t).ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte(value)}).FirstErr()
	if err != nil {
		t.Fatal(err)
	}
}

func first(t *testing.T, b *servertest.Broker, topic string) string {
	t.Helper()
	cl := b.Client(t, kgo.ConsumeTopics(topic), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	fs := cl.PollFetches(t.Context())
	if err := fs.Err(); err != nil {
		t.Fatal(err)
	}
	return string(fs.Records()[0].Value)
}

// A missing program is a failure that says what to install.
func TestMissingJava(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(servertest.CacheEnv, t.TempDir())
	_, err := servertest.StartKafka(t.Context())
	if err == nil || !strings.Contains(err.Error(), "apt-get install maven") {
		t.Errorf("got %v, want a word on how to get maven", err)
	}
}

// When the test binary is killed its broker dies with it.
func TestBrokerDiesWithTest(t *testing.T) {
	if os.Getenv("SERVERTEST_CHILD") != "" {
		b := servertest.Kafka(t)
		_, _ = os.Stdout.WriteString("ADDR " + b.Addr() + "\n")
		select {}
	}
	if testing.Short() {
		t.Skip("needs a real Kafka broker; run without -short")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestBrokerDiesWithTest$")
	cmd.Env = append(os.Environ(), "SERVERTEST_CHILD=1", "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addr := readAddr(t, out)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	eventuallyRefused(t, addr)
}
