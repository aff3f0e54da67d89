package runtime

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

// packOf are pipelines that give three records each; the last cannot start.
func packOf() []Member {
	var ms []Member
	for _, name := range []string{"a", "b", "bad"} {
		p := pipeline()
		p.Name, p.Sources[0].Name, p.Sources[0].Connector = name, "src-"+name, few{Topic: "t" + name}
		if name == "bad" {
			p.Sources[0].Connector = few{Topic: "${env:KCGEN_TEST_NO_TOPIC}"}
		}
		ms = append(ms, Member{Pipeline: p})
	}
	return ms
}

// packed runs a pack's command line and returns its exit code and what it wrote.
func packed(t *testing.T, ms []Member, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return captured(t, func(stdout, stderr *os.File) int { return packCommand(ms, args, stdout, stderr) })
}

func TestPackCommand(t *testing.T) {
	ps := packOf()[:2]
	ps[1].Name = "b.c"
	for _, c := range []struct {
		args           string
		code           int
		stdout, stderr string // what each begins with
	}{
		{"/bin/pack", 2, "", "Usage:\n  pack PIPELINE [run]"},
		{"pack help", 0, "Usage:\n", ""},
		{"pack list", 0, "a\nb.c\n", ""},
		{"pack version", 0, "pack, 2 pipelines, built by kcgen ", ""},
		{"pack b.c version", 0, "b.c, built by kcgen ", ""},
		{"/bin/b.c version", 0, "b.c, built by kcgen ", ""},
		{"a.exe version", 0, "a, built by kcgen ", ""},
		{"a list", 2, "", `a: unknown command "list"`},
		{"pack a nonsense", 2, "", `a: unknown command "nonsense"`},
		{"pack c", 2, "", `pack: there is no pipeline "c"; there are a, b.c`},
		{"pack a,c", 2, "", `pack: there is no pipeline "c"`},
		{"pack a,", 2, "", `pack: there is no pipeline ""`},
		{"pack a,a", 2, "", "pack: the pipeline a is named twice"},
		{"pack a,b.c version", 2, "", "pack: several pipelines can only be run together; name one for version"},
		{"pack all run -nonsense", 2, "", "flag provided but not defined"},
		{"pack all -exit-when-idle -1s", 2, "", "pack: -exit-when-idle -1s is negative"},
	} {
		code, stdout, stderr := packed(t, ps, strings.Fields(c.args)...)
		if code != c.code || !strings.HasPrefix(stdout, c.stdout) || !strings.HasPrefix(stderr, c.stderr) || (c.stdout == "") != (stdout == "") {
			t.Errorf("%s: exit code %d\n%s%s", c.args, code, stdout, stderr)
		}
	}
}

// TestPackRunsSeveral: pipelines in one process run as if each were alone; one
// that cannot start leaves the others running.
func TestPackRunsSeveral(t *testing.T) {
	t.Parallel()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	run := func(code int, brokers string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
		cmd.Env = append(os.Environ(), "KCGEN_TEST_MAIN=pack", "KCGEN_TEST_BROKERS="+brokers)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
			t.Errorf("%v: %v, want exit code %d\n%s", args, err, code, out)
		}
		return string(out)
	}
	out := run(0, c.ListenAddrs()[0], "a,b", "-exit-when-idle", "300ms")
	for _, want := range []string{"\na: src-a: 3 records", "\nb: src-b: 3 records", " pipeline=b"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	out = run(1, c.ListenAddrs()[0], "all", "-exit-when-idle", "300ms")
	if !strings.Contains("\n"+out, "\nbad: ") || !strings.Contains(out, "KCGEN_TEST_NO_TOPIC") || !strings.Contains(out, "\na: src-a: ") {
		t.Errorf("it says\n%s", out)
	}
	for _, topic := range []string{"ta", "tb"} { // the second run went on where the first one ended
		if n := c.PartitionInfo(topic, 0).HighWatermark; n != 3 {
			t.Errorf("topic %s has %d records", topic, n)
		}
	}
	run(3, "127.0.0.1:1", "a,b", "-start-timeout", "100ms")
}
