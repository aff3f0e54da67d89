package e2e_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/proc"
)

// Positions that are being set while the program is killed are the old ones or
// the new ones, never a mixture.
func TestOffsetsKilled(t *testing.T) {
	l := newLab(t, servertest.SharedKafka(t), "takeover")
	env := l.environment()
	env["E2E_CONNECT"] = servertest.Unique("connect")
	env["E2E_OFFSETS"] = env["E2E_CONNECT"] + "-own"
	l.broker.CreateTopic(t, env["E2E_CONNECT"]+"-offsets", 5, "cleanup.policy", "compact")
	const source, files = "e2e-takeover-source", 20
	document := func(position int) string {
		var all []string
		for i := range files {
			all = append(all, fmt.Sprintf(`{"partition":{"filename":"/f%d"},"offset":{"position":%d}}`, i, position))
		}
		return `{"offsets":[` + strings.Join(all, ",") + `]}`
	}
	set := func(position int) *proc.Process {
		t.Helper()
		dir, err := binaries()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(filepath.Join(dir, l.program), "offsets", "set", "-connector", source, "-")
		for k, v := range env {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		cmd.Stdin = strings.NewReader(document(position))
		p, err := proc.Start(cmd, filepath.Join(filepath.Dir(l.out), "set.log"))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	stands := func() int {
		t.Helper()
		var got struct {
			Offsets []struct{ Offset struct{ Position int } }
		}
		text := l.offsets(env, "list", source)
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		seen := map[int]int{}
		for _, o := range got.Offsets {
			seen[o.Offset.Position]++
		}
		if len(got.Offsets) != files || len(seen) != 1 {
			t.Fatalf("a mixture: %v (position: how many of %d)", seen, files)
		}
		return got.Offsets[0].Offset.Position
	}
	var takes time.Duration // of the second one: the first makes topics
	for i := range 2 {
		begun := time.Now()
		if err := set(i).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		takes = time.Since(begun)
	}
	at, done := stands(), 0
	for i := 2; i < 17; i++ {
		p := set(i)
		time.Sleep(rand.N(takes * 2 / 3)) // where it is then is anywhere
		p.Kill()
		switch now := stands(); now {
		case at:
		case i:
			at, done = i, done+1
		default:
			t.Fatalf("it stands at %d, and was to stand at %d or %d", now, at, i)
		}
	}
	t.Logf("%d of 15 were done before the kill; one takes %v", done, takes)
	if err := set(99).Wait(t.Context()); err != nil || stands() != 99 {
		t.Errorf("after the kills: %v, it stands at %d", err, stands())
	}
}
