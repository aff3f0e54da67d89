package e2e_test

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/proc"
)

// A real Kafka Connect cluster ships a file to a topic and the topic to a file;
// a pipeline takes its place and goes on, Kafka Connect goes on after it, and
// the pipeline once more: nothing is lost, doubled or reordered.
func TestTakeover(t *testing.T) {
	l := newLab(t, servertest.SharedKafka(t), "takeover")
	group := servertest.Unique("connect")
	worker := servertest.ConnectDistributed(t, l.broker, group, nil)
	const source, sink = "e2e-takeover-source", "e2e-takeover-sink"
	do := func(method, path string, body any) string {
		t.Helper()
		answer, err := worker.Do(t.Context(), method, path, body)
		if err != nil {
			t.Fatal(err)
		}
		return string(answer)
	}
	env := l.environment()
	env["E2E_CONNECT"], env["E2E_OFFSETS"] = group, group+"-own-offsets"

	l.write(0, 1000)
	do("PUT", "/connectors/"+source+"/config", map[string]string{
		"connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector", "tasks.max": "1", "file": l.in, "topic": l.topic})
	do("PUT", "/connectors/"+sink+"/config", map[string]string{
		"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "tasks.max": "1", "file": l.out, "topics": l.topic})
	arrives := func(n int64) func() bool {
		return func() bool { return l.outSize() >= n*(lineSize+1) }
	}
	l.wait(worker.Process(), "Kafka Connect's first lines", arrives(1000))

	// While the cluster runs them, they are not taken over.
	p := l.startIn(env)
	l.exits(p, 1)
	log, _ := p.Log()
	for _, name := range []string{source, sink} {
		if !strings.Contains(string(log), "connector "+name+" is running in Kafka Connect's group "+group) {
			t.Errorf("the pipeline does not say that %s is running elsewhere:\n%s", name, log)
		}
	}
	// Stopped there, they are, although the cluster goes on.
	for _, name := range []string{source, sink} {
		do("PUT", "/connectors/"+name+"/stop", nil)
	}
	stopped := func() bool {
		return strings.Contains(do("GET", "/connectors/"+source+"/status", nil), `"tasks":[]`) &&
			strings.Contains(do("GET", "/connectors/"+sink+"/status", nil), `"tasks":[]`)
	}
	l.wait(worker.Process(), "Kafka Connect has stopped them", stopped)
	l.goOn(env, "the pipeline's lines", 1000, 2000, arrives)
	sameOffsets := func() {
		t.Helper()
		for _, name := range []string{source, sink} {
			ours, theirs := l.offsets(env, "list", name), do("GET", "/connectors/"+name+"/offsets", nil)
			if normalJSON(t, ours) != normalJSON(t, theirs) {
				t.Errorf("%s: offsets here %s, and in Kafka Connect %s", name, ours, theirs)
			}
		}
	}
	sameOffsets()

	// And back.
	l.write(2000, 3000)
	for _, name := range []string{source, sink} {
		do("PUT", "/connectors/"+name+"/resume", nil)
	}
	l.wait(worker.Process(), "Kafka Connect's second lines", arrives(3000))
	worker.Stop()
	l.goOn(env, "the pipeline's second lines", 3000, 4000, arrives)
	l.exact(l.checkTopic(4000))
	l.exact(l.checkOut(4000))

	// What is altered here is altered there.
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{source, sink} {
		do("PUT", "/connectors/"+name+"/stop", nil)
	}
	l.wait(worker.Process(), "Kafka Connect has stopped them again", stopped)
	sameOffsets()
	l.offsets(env, "reset", source, sink)
	sameOffsets()
	if got := l.offsets(env, "list"); strings.Contains(got, "position") || strings.Contains(got, "kafka_offset") {
		t.Errorf("after a reset there are offsets: %s", got)
	}
}

// goOn runs the pipeline until lines up to n are there.
func (l *lab) goOn(env map[string]string, what string, from, to int64, arrives func(int64) func() bool) {
	l.t.Helper()
	l.write(from, to)
	p := l.startIn(env)
	l.wait(p, what, arrives(to))
	l.stop(p)
}

// exits waits for the end of a pipeline, with an exit code.
func (l *lab) exits(p *proc.Process, code int) {
	l.t.Helper()
	select {
	case <-p.Done():
	case <-time.After(servertest.Patience):
		l.t.Fatalf("the pipeline did not end")
	}
	var exit *exec.ExitError
	if err := p.Wait(l.t.Context()); !errors.As(err, &exit) || exit.ExitCode() != code {
		l.t.Fatalf("the pipeline ended with %v, want exit code %d", err, code)
	}
}

// offsets runs the pipeline's verb.
func (l *lab) offsets(env map[string]string, args ...string) string {
	l.t.Helper()
	dir, err := binaries()
	if err != nil {
		l.t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, l.program), append([]string{"offsets"}, args...)...)
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		l.t.Fatalf("offsets %v: %v: %s", args, err, exit.Stderr)
	} else if err != nil {
		l.t.Fatal(err)
	}
	return string(out)
}

// normalJSON is a text that is the same for equal JSON.
func normalJSON(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	b, _ := json.Marshal(v)
	return string(b)
}
