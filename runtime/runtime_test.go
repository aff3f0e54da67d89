package runtime

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/worker"
)

// few gives three records and then waits.
type few struct {
	Topic string `json:"topic"`
}

type fewTask struct {
	few
	at int64
	p  *connect.SourcePartition
}

func (f few) Tasks(context.Context, int) ([]connect.SourceTask, error) {
	return []connect.SourceTask{&fewTask{few: f, p: connect.Partition("filename", "f")}}, nil
}

func (t *fewTask) Open(_ context.Context, tc connect.SourceContext) error {
	if o := tc.Offsets.Offset(t.p); o != nil {
		t.at = o["position"].(int64)
	}
	return nil
}

func (t *fewTask) Poll(ctx context.Context, b *connect.Batch) error {
	if t.at == 3 {
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
		return nil
	}
	for ; t.at < 3; t.at++ {
		r := b.Add()
		r.Topic, r.Value = t.Topic, connect.Datum{Value: connect.String("x")}
	}
	b.Mark(t.p, connect.SourceOffset{"position": t.at})
	return nil
}

func (t *fewTask) Close() error { return nil }

type text struct{}

func (text) Open(connect.Role) (connect.Codec, error) { return text{}, nil }
func (text) Encode(_ *connect.Buffer, _ string, d connect.Datum) ([]byte, error) {
	return d.Value.Raw(), nil
}
func (text) Decode(_ string, b []byte) (connect.Datum, error) {
	return connect.Datum{Value: connect.Text(b)}, nil
}

func pipeline() Pipeline {
	return Pipeline{
		Name:  "few",
		Kafka: kafka.Cluster{Brokers: []string{"${env:KCGEN_TEST_BROKERS}"}},
		// No machine is so busy that a stop takes that long.
		Worker: Worker{TaskShutdownGracefulTimeout: 2 * time.Minute},
		Sources: []Source{{
			Name: "src", Connector: few{Topic: "${env:KCGEN_TEST_TOPIC}"}, TasksMax: 1,
			KeyConverter: text{}, ValueConverter: text{}, Errors: Errors{Tolerance: "none"},
		}},
	}
}

// TestMain lets the test binary be a pipeline's program. Else it has many tests
// run at a time: they wait more than they work.
func TestMain(m *testing.M) {
	switch os.Getenv("KCGEN_TEST_MAIN") {
	case "":
	case "pack":
		MainOf(packOf()...)
	default:
		Main(pipeline())
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func broker(t *testing.T) string {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()[0]
}

// program starts the pipeline's program.
func program(t *testing.T, env []string, args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, exe, args...)
	cmd.Env = append(append(os.Environ(), "KCGEN_TEST_MAIN=1"), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	return cmd, &out, &errs
}

func code(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	err := cmd.Run()
	if _, ok := err.(*exec.ExitError); err != nil && !ok {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

func TestMainExitCodes(t *testing.T) {
	addr := broker(t)
	const closed = "127.0.0.1:1"
	topic := []string{"KCGEN_TEST_TOPIC=t"}
	for _, test := range []struct {
		name     string
		env      []string
		args     []string
		code     int
		out, err string
	}{
		{"good", append(topic, "KCGEN_TEST_BROKERS="+addr), []string{"-exit-when-idle", "100ms"}, 0, "", "src: 3 records, 3 B in"},
		{"again", append(topic, "KCGEN_TEST_BROKERS="+addr), []string{"run", "-exit-when-idle", "100ms", "-log-format", "json", "-log-level", "debug"}, 0, "", "src: 0 records"},
		{"brokers by flag", topic, []string{"-brokers", "127.0.0.1:1," + addr, "-exit-when-idle", "100ms", "-progress", "on"}, 0, "", "src: 0 records"},
		{"unset variables", nil, []string{"run"}, 1, "", "few: kafka.brokers[0]: environment variable KCGEN_TEST_BROKERS is not set\nfew: sources.src.connector.topic: environment variable KCGEN_TEST_TOPIC is not set\n"},
		{"unset variable, brokers by flag", nil, []string{"-brokers", addr}, 1, "", "few: sources.src.connector.topic: environment variable KCGEN_TEST_TOPIC is not set\n"},
		{"failed task", append([]string{"KCGEN_TEST_TOPIC=not a topic"}, "KCGEN_TEST_BROKERS="+addr), []string{"-exit-when-idle", "100ms", "-brokers", broker(t)}, 1, "", "is no topic name"},
		{"no broker", topic, []string{"-brokers", closed, "-start-timeout", "200ms"}, 3, "", "no broker answered after"},
		{"unknown flag", topic, []string{"-x"}, 2, "", "flag provided but not defined"},
		{"unknown command", topic, []string{"walk"}, 2, "", `unknown command "walk"`},
		{"argument", topic, []string{"run", "x"}, 2, "", `unexpected argument "x"`},
		{"format", topic, []string{"-log-format", "xml"}, 2, "", "is not text or json"},
		{"level", topic, []string{"-log-level", "loud"}, 2, "", "invalid value"},
		{"start-timeout", topic, []string{"-start-timeout", "soon"}, 2, "", "is not a duration"},
		{"version", nil, []string{"version"}, 0, "few, built by kcgen", ""},
		{"help", nil, []string{"help"}, 0, "-exit-when-idle D", ""},
		{"-h", nil, []string{"-h"}, 0, "", "-exit-when-idle D"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd, out, errs := program(t, test.env, test.args...)
			if got := code(t, cmd); got != test.code {
				t.Errorf("exit code %d, want %d\n%s", got, test.code, errs)
			}
			if !strings.Contains(out.String(), test.out) || !strings.Contains(errs.String(), test.err) {
				t.Errorf("stdout %q\nstderr %s", out, errs)
			}
		})
	}
}

func TestMainSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel() // it waits for the first word about progress
			cmd, _, _ := program(t, []string{"KCGEN_TEST_TOPIC=t"}, "-brokers", broker(t), "-progress", "on")
			cmd.Stderr = nil
			r, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			seen := readUntil(t, r, "3 records to Kafka")
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			rest, _ := io.ReadAll(r)
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
			if !strings.Contains(string(rest), "src: 3 records") {
				t.Errorf("%s%s", seen, rest)
			}
		})
	}
}

func readUntil(t *testing.T, r io.Reader, text string) string {
	t.Helper()
	var seen []byte
	buf := make([]byte, 4096)
	for !bytes.Contains(seen, []byte(text)) {
		n, err := r.Read(buf)
		seen = append(seen, buf[:n]...)
		if err != nil {
			t.Fatalf("%v before %q: %s", err, text, seen)
		}
	}
	return string(seen)
}

func TestRunChangesNothingOfThePipeline(t *testing.T) {
	t.Setenv("KCGEN_TEST_TOPIC", "t")
	p := pipeline()
	stats, err := Run(t.Context(), p, Options{Brokers: []string{broker(t)}, IdleExit: 50 * time.Millisecond})
	if err != nil || len(stats) != 1 || stats[0].Records != 3 {
		t.Fatalf("%v %+v", err, stats)
	}
	if !reflect.DeepEqual(p, pipeline()) {
		t.Error("the pipeline was changed")
	}
}

func TestTranslate(t *testing.T) {
	p := Pipeline{
		Kafka:  kafka.Cluster{Brokers: []string{"x:1"}},
		Worker: Worker{Producer: kafka.Producer{CompressionType: "lz4"}, Consumer: kafka.Consumer{ClientRack: "r"}},
		Sources: []Source{{
			Name: "s", TasksMax: 3, Transforms: []Step{{Name: "x"}}, Producer: &kafka.Producer{Linger: 1}, HeaderConverter: convert.Long{},
			Errors:        Errors{Tolerance: "none", DeadLetterQueue: &DeadLetterQueue{TopicName: "unused"}},
			TopicCreation: &TopicCreation{Default: TopicDefaults{Partitions: 2, ReplicationFactor: -1}, Groups: []TopicGroup{{Name: "g", Include: []string{"a"}}}},
		}},
		Sinks: []Sink{{
			Name: "k", Topics: []string{"t"}, TasksMax: 2, Consumer: &kafka.Consumer{GroupID: "g"}, Producer: &kafka.Producer{Linger: 2}, Admin: &kafka.Admin{RequestTimeout: 3},
			Errors: Errors{Tolerance: "all", RetryTimeout: connect.Forever, DeadLetterQueue: &DeadLetterQueue{TopicName: "dlq", TopicReplicationFactor: 3, ContextHeadersEnable: true}},
		}},
	}
	p.Worker.fill()
	c := translate(p)
	src, snk := c.Sources[0], c.Sinks[0]
	if src.Producer != (kafka.Producer{CompressionType: "lz4", Linger: 1}) || src.Errors.DeadLetters != nil || src.Errors.Tolerate || src.MaxTasks != 3 || src.Steps[0].Name != "x" {
		t.Errorf("source %+v", src)
	}
	if src.Topics.Default.Partitions != 2 || src.Topics.Default.ReplicationFactor != -1 || src.Topics.Groups[0].Include[0] != "a" {
		t.Errorf("topics %+v", src.Topics)
	}
	if snk.Consumer != (kafka.Consumer{ClientRack: "r", GroupID: "g"}) || *snk.Errors.DeadLetters != (worker.DeadLetters{Topic: "dlq", ReplicationFactor: 3, ContextHeaders: true}) || !snk.Errors.Tolerate || snk.Errors.RetryTimeout >= 0 {
		t.Errorf("sink %+v", snk)
	}
	if snk.Producer != (kafka.Producer{CompressionType: "lz4", Linger: 2}) || *snk.Admin != (kafka.Admin{RequestTimeout: 3}) || src.Admin != nil {
		t.Errorf("who writes and makes: %+v, %+v, %+v", snk.Producer, snk.Admin, src.Admin)
	}
	if src.Header != (convert.Long{}) || snk.Header != (convert.SimpleHeader{}) {
		t.Errorf("header converters %v and %v", src.Header, snk.Header)
	}
	if c.StartTimeout != connect.Forever || c.OffsetTopic.Name != "connect-offsets" || c.OffsetTopic.Partitions != 25 {
		t.Errorf("config %+v", c)
	}
}

func TestSummary(t *testing.T) {
	now := time.Now()
	var out bytes.Buffer
	summary(&out, "", []worker.Stats{
		{Connector: "a", Records: 1_000_000, Bytes: 100 << 20, Begun: now, Last: now.Add(2 * time.Second), State: worker.Stopped},
		{Connector: "a", Task: 1, Records: 1, Begun: now, Last: now.Add(time.Second), Dropped: 2, DeadLettered: 1, State: worker.Failed},
		{Connector: "b", State: worker.Stopped},
	})
	want := "a: 1,000,001 records, 100.0 MiB in 2s, 500,000 records/s, 2 left out, 1 to the dead letter queue, 1 of 2 tasks FAILED\n" +
		"b: 0 records, 0 B in 1ms, 0 records/s\n"
	if out.String() != want {
		t.Errorf("got %s", out.String())
	}
}
