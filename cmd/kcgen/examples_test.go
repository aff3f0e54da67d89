package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/plan"
)

// An example is a folder of examples/: its program is in generated/, and it
// runs.
type example struct {
	name    string
	spec    string            // by default pipeline.cue
	golden  string            // in generated/, by default <name>/main.go
	seed    string            // records to put into topics: topic, key, value
	env     map[string]string // FILE: stands for a file of the run's folder
	topics  map[string]string // topic → the values it has afterwards
	files   map[string]string // file of the run's folder → its content afterwards
	sorted  bool              // the order of lines means nothing
	schemas bool              // it needs a Schema Registry, at SCHEMA_REGISTRY_URL
	short   bool              // it runs in a short run, too
	servers bool              // it needs databases: servertest/e2e runs it
}

var examples = []example{
	{
		name:   "file-to-topic",
		env:    map[string]string{"LINES_FILE": "input.txt"},
		topics: map[string]string{"lines": "expected-lines.txt"},
	},
	{
		name:   "file-to-topic",
		spec:   "pipeline.yaml",
		env:    map[string]string{"LINES_FILE": "input.txt"},
		topics: map[string]string{"lines": "expected-lines.txt"},
	},
	{
		name:   "topic-to-file",
		seed:   "input.tsv",
		env:    map[string]string{"ARCHIVE_FILE": "archive.txt"},
		files:  map[string]string{"archive.txt": "expected-archive.txt"},
		sorted: true,
	},
	{
		name:   "log-analysis",
		short:  true,
		env:    map[string]string{"LOG_FILE": "input.log", "ARCHIVE_FILE": "archive.txt"},
		topics: map[string]string{"log-analysis-topic": "expected-log-analysis-topic.txt"},
		files:  map[string]string{"archive.txt": "expected-archive.txt"},
	},
	{
		name:    "orders-avro",
		env:     map[string]string{"ORDERS_FILE": "input.txt", "ARCHIVE_FILE": "archive.txt"},
		files:   map[string]string{"archive.txt": "expected-archive.txt"},
		schemas: true,
	},
	{
		name:   "environments",
		env:    map[string]string{"LINES_FILE": "input.txt"},
		topics: map[string]string{"lines-dev": "expected-lines-dev.txt"},
	},
	{
		name:   "sqlite-to-topic",
		env:    map[string]string{"SHOP_FILE": "shop.db"},
		topics: map[string]string{"shop-orders": "expected-orders.txt"},
	},
	{
		name:   "incremental-query",
		env:    map[string]string{"SHOP_FILE": "shop.db"},
		topics: map[string]string{"order-lines": "expected-lines.txt"},
	},
	{
		name:    "postgres-to-mariadb",
		servers: true,
	},
	{
		name:    "postgres-changes",
		servers: true,
	},
	{
		name:   "custom-connector",
		golden: "custom-connector/main.go.txt", // of another module: it is compiled there
		env:    map[string]string{"INVENTORY_DIR": "input"},
		topics: map[string]string{"files": "expected-files.txt"},
	},
}

// patience is longer than anything here takes, however busy the machine.
const patience = 5 * time.Minute

func (e example) dir() string { return filepath.Join("../../examples", e.name) }

func (e example) specFile() string { return cmp.Or(e.spec, "pipeline.cue") }

func (e example) title() string { return e.name + "/" + e.specFile() }

// TestExamplesAreTheirPrograms compares what kcgen generates with what is
// checked in; -update writes it.
func TestExamplesAreTheirPrograms(t *testing.T) {
	t.Chdir("../..")
	for _, e := range examples {
		t.Run(e.title(), func(t *testing.T) {
			golden := filepath.Join("generated", filepath.FromSlash(cmp.Or(e.golden, e.name+"/main.go")))
			fused := strings.Replace(golden, "main.go", "fused.go", 1)
			var out, stderr bytes.Buffer
			spec := filepath.Join("examples", e.name, e.specFile())
			if code := kcgen([]string{"generate", spec}, &out, &stderr); code != 0 {
				t.Fatalf("exit code %d: %s", code, &stderr)
			}
			if stderr.Len() > 0 {
				t.Errorf("no example is worth a warning: %s", &stderr)
			}
			main, functions, two := strings.Cut(out.String(), "\n-- fused.go --\n")
			if e.spec == "" {
				compare(t, golden, main)
				if _, err := os.Stat(fused); two || err == nil {
					compare(t, fused, functions)
				}
				return
			}
			twin, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := diff.Diff(program(string(twin)), program(main)); d != "" {
				t.Errorf("the twin's program differs (-%s +%s):\n%s", golden, spec, d)
			}
		})
	}
}

// TestPacksAreTheirPrograms holds generated/pack to what kcgen makes of three
// examples.
func TestPacksAreTheirPrograms(t *testing.T) {
	t.Chdir("../..")
	var plans []*plan.Pipeline
	for _, name := range []string{"topic-to-file", "log-analysis", "file-to-topic"} {
		p, found, err := compiler.Check(t.Context(), compiler.Config{Builtin: builtin(), Fuse: functions}, "examples/"+name+"/pipeline.cue")
		if err != nil || len(found) > 0 {
			t.Fatalf("%v\n%v", err, found)
		}
		plans = append(plans, p)
	}
	files, err := compiler.GeneratePack(plans, "kcgen.dev/generated/pack")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 5 {
		t.Errorf("%d files", len(files))
	}
	for name, got := range files {
		compare(t, filepath.Join("generated", "pack", filepath.FromSlash(name)), string(got))
	}
}

// program is a program without the comment at its top, which names the spec.
func program(src string) string { return src[strings.Index(src, "package main"):] }

// TestExamplesRun builds each example, runs it twice on the embedded broker,
// and compares what arrived: the second run may repeat nothing.
func TestExamplesRun(t *testing.T) {
	for _, e := range examples {
		if e.servers {
			continue
		}
		t.Run(e.title(), func(t *testing.T) {
			if testing.Short() && !e.short {
				t.Skip("make test runs all of the examples")
			}
			t.Parallel() // it waits to be idle
			bin := filepath.Join(t.TempDir(), "pipeline")
			var out, stderr bytes.Buffer
			if code := kcgen([]string{"build", "-o", bin, filepath.Join(e.dir(), e.specFile())}, &out, &stderr); code != 0 {
				t.Fatalf("exit code %d: %s", code, &stderr)
			}
			broker, err := startBroker(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer broker.Close()
			brokers := broker.ListenAddrs()[0]
			seed(t, brokers, e)
			dir := t.TempDir()
			copyInputs(t, e.dir(), dir)
			e.startRegistry(t)
			for range 2 {
				e.run(t, bin, dir, brokers)
				for topic, want := range e.topics {
					compare(t, filepath.Join(e.dir(), want), values(t, brokers, topic))
				}
				for file, want := range e.files {
					got, err := os.ReadFile(filepath.Join(dir, file))
					if err != nil {
						t.Fatal(err)
					}
					compare(t, filepath.Join(e.dir(), want), e.order(string(got)))
				}
			}
		})
	}
}

// run runs the binary to its own end.
func (e example) run(t *testing.T, bin, dir, brokers string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, "-brokers", brokers, "-exit-when-idle", "1s")
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "KAFKA_BROKERS=" + brokers}
	for name, value := range e.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// startRegistry gives an example that needs one a registry in memory.
func (e example) startRegistry(t *testing.T) {
	t.Helper()
	if !e.schemas {
		return
	}
	fake := srfake.New()
	t.Cleanup(fake.Close)
	server := httptest.NewServer(fake.Handler())
	t.Cleanup(server.Close)
	e.env["SCHEMA_REGISTRY_URL"] = server.URL
}

func (e example) order(text string) string {
	if !e.sorted {
		return text
	}
	lines := slices.Collect(strings.Lines(text))
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// compare compares with a golden file, or writes it.
func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := diff.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", golden, d)
	}
}

// seed puts the example's records into their topics.
func seed(t *testing.T, brokers string, e example) {
	t.Helper()
	if e.seed == "" {
		return
	}
	b, err := os.ReadFile(filepath.Join(e.dir(), e.seed))
	if err != nil {
		t.Fatal(err)
	}
	cl := client(t, brokers, kgo.AllowAutoTopicCreation())
	for line := range strings.Lines(string(b)) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		r := &kgo.Record{Topic: f[0], Key: []byte(f[1])}
		if len(f) == 3 {
			r.Value = []byte(f[2])
		}
		if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// values are the values in a topic of one partition, a line each.
func values(t *testing.T, brokers, topic string) string {
	t.Helper()
	adm := kadm.NewClient(client(t, brokers))
	ends, err := adm.ListEndOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	end, ok := ends.Lookup(topic, 0)
	if !ok || end.Err != nil || len(ends[topic]) != 1 {
		t.Fatalf("topic %s: %+v", topic, ends)
	}
	cl := client(t, brokers, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(0)}}))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out strings.Builder
	for n := int64(0); n < end.Offset; {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("topic %s: %d of %d records: %v", topic, n, end.Offset, err)
		}
		for _, r := range fetches.Records() {
			out.Write(append(r.Value, '\n'))
			n = r.Offset + 1
		}
	}
	return out.String()
}

func client(t *testing.T, brokers string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(brokers))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// copyInputs copies an example's files, with times a second apart that are
// always the same.
func copyInputs(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(to, "input"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for i, e := range entries {
		at := time.Date(2026, 1, 2, 3, 4, 5+i, 0, time.UTC)
		if err := os.Chtimes(filepath.Join(to, "input", e.Name()), at, at); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCustomConnector runs the tests of the example that is a module of its
// own, and proves that its structs are those of its CUE.
func TestCustomConnector(t *testing.T) {
	t.Chdir("../../examples/custom-connector")
	if out, err := exec.CommandContext(t.Context(), "go", "test", fmt.Sprintf("-short=%t", testing.Short()), "./...").CombinedOutput(); err != nil {
		t.Errorf("go test: %v\n%s", err, out)
	}
	var out, stderr bytes.Buffer
	if code := kcgen([]string{"types", "-check", "./..."}, &out, &stderr); code != 0 {
		t.Errorf("kcgen types -check: exit code %d: %s%s", code, &out, &stderr)
	}
}
