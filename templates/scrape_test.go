package templates_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/proc"
)

// metricName is a metric in PromQL; those that rules make have a colon.
var metricName = regexp.MustCompile(`(?:^|[^a-z_:])((?:kafka_connect|kcgen|process|go)_[a-z0-9_]+)`)

// named are the metrics that the rules and dashboards of testdata name, and
// where.
func named(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	note := func(file, text string) {
		for _, m := range metricName.FindAllStringSubmatch(text, -1) {
			all[m[1]] = file
		}
	}
	for file, b := range boards(t) {
		for _, p := range b.Panels {
			for _, q := range p.Targets {
				note(file, q.Expr)
			}
		}
	}
	rules, err := filepath.Glob("testdata/*/want/prometheus/*.yml")
	if err != nil || len(rules) != len(specs) {
		t.Fatalf("%d files of rules, %v", len(rules), err)
	}
	for _, file := range rules {
		for line := range strings.Lines(read(t, file)) {
			if !strings.Contains(line, "record:") && !strings.Contains(line, "description:") && !strings.HasPrefix(strings.TrimSpace(line), "#") {
				note(file, line)
			}
		}
	}
	return all
}

// TestMetricsAreThere: a pipeline that runs has every metric that a rule or a
// panel names.
func TestMetricsAreThere(t *testing.T) {
	want := named(t)
	if len(want) < 25 || want["kcgen_sink_task_record_lag"] == "" || want["kcgen_connector_slot_bytes"] == "" {
		t.Fatalf("found %d metrics: %s", len(want), slices.Sorted(maps.Keys(want)))
	}
	p := scraped(t)
	address := waitFor(t, p, func() []byte { return serving.Find(logOf(t, p)) })
	url := "http://" + string(serving.FindSubmatch(address)[1]) + "/metrics"

	var missing []string
	waitFor(t, p, func() []byte {
		has := get(t, url)
		missing = nil
		for name := range want {
			if !regexp.MustCompile(`(?m)^` + name + `[{ ]`).Match(has) {
				missing = append(missing, name+" of "+want[name])
			}
		}
		if len(missing) > 0 {
			return nil
		}
		return has
	}, &missing)
	if err := p.Stop(time.Minute); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

// serving is the line of the log that says where the pipeline answers.
var serving = regexp.MustCompile(`serving Kafka Connect's REST API" at=(\S+)`)

// scraped is the pipeline of testdata/scrape, running.
func scraped(t *testing.T) *proc.Process {
	t.Helper()
	broker, pg := servertest.SharedKafka(t), servertest.SharedPostgres(t)
	shop := pg.Database(t)
	pg.Exec(t, shop.Name, "CREATE TABLE customers (id int PRIMARY KEY); INSERT INTO customers VALUES (1), (2); ALTER TABLE customers OWNER TO \""+shop.User+"\"")
	for _, topic := range []string{"scrape-lines", "scrape.public.customers"} {
		broker.CreateTopic(t, topic, 1)
	}
	dir := t.TempDir()
	lines := filepath.Join(dir, "lines.txt")
	if err := os.WriteFile(lines, []byte("\"JSON\"\nno JSON\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(built(t, "testdata/scrape/pipeline.cue", dir))
	cmd.Env = append(os.Environ(), "KAFKA_BROKERS="+broker.Addr(), "LINES_FILE="+lines, "ARCHIVE_FILE="+filepath.Join(dir, "archive.txt"),
		"SHOP_URL=postgresql://"+shop.Host+"/"+shop.Name, "SHOP_USER="+shop.User, "SHOP_PASSWORD="+shop.Password)
	p, err := proc.Start(cmd, filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// built is the binary of a spec.
func built(t *testing.T, spec, dir string) string {
	t.Helper()
	cfg := compiler.Config{Builtin: os.DirFS("..")}
	checked, found, err := compiler.Check(t.Context(), cfg, spec)
	if err != nil || checked == nil {
		t.Fatalf("%s: %v %v", spec, found, err)
	}
	bin := filepath.Join(dir, "pipeline")
	compiler.Build(t.Context(), cfg, []*plan.Pipeline{checked}, compiler.BuildOptions{Out: bin}, func(b compiler.Binary) {
		if b.Err != nil || len(b.Faults) > 0 {
			t.Fatalf("%s: %v %v", spec, b.Faults, b.Err)
		}
	})
	return bin
}

// waitFor asks again and again until there is an answer.
func waitFor(t *testing.T, p *proc.Process, ask func() []byte, missing ...*[]string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for {
		if answer := ask(); answer != nil {
			return answer
		}
		select {
		case <-time.After(200 * time.Millisecond):
			continue
		case <-p.Done():
		case <-ctx.Done():
		}
		for _, m := range missing {
			t.Errorf("the pipeline does not have %s", strings.Join(*m, "\n"))
		}
		t.Fatalf("the end of its log:\n%s", p.LogTail(30))
	}
}

func logOf(t *testing.T, p *proc.Process) []byte {
	t.Helper()
	b, err := p.Log()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, resp.Status, err)
	}
	return b.Bytes()
}
