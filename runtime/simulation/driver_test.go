//go:build !synctests

package simulation

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kcgen.dev/runtime/servertest/planted"
)

// The counts of a run. make simulate has greater ones.
var (
	seeds   = flag.Int("seeds", 200, "how many seeds")
	from    = flag.Int("from", 1, "the first seed")
	every   = flag.Int("inject-every", 1, "run one injection of `N`")
	plantIn = flag.Int("planted-seeds", 1000, "in how many seeds a planted bug must show")
)

// TestSimulation builds the simulation, which needs a build tag of the client
// library's, and runs it; and once more with bugs planted into the runtime.
func TestSimulation(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes minutes")
	}
	t.Run("seeds", func(t *testing.T) {
		t.Parallel()
		sound := build(t, "")
		output(t, sound, "", "-test.run=TestSeeds$", "-from="+strconv.Itoa(*from), "-seeds="+strconv.Itoa(*seeds))
		output(t, sound, "", "-test.run=TestInjections$", "-inject-every="+strconv.Itoa(*every))
		output(t, sound, "", "-test.run=TestForgotten$")
	})
	t.Run("planted", func(t *testing.T) {
		t.Parallel()
		list := landed()
		if len(list) < 15 {
			t.Errorf("only %d bugs are planted", len(list))
		}
		broken := build(t, overlay(t, list))
		for _, b := range list {
			t.Run(b.name, func(t *testing.T) {
				args := []string{"-test.run=TestSeeds$", "-seeds=" + strconv.Itoa(*plantIn), "-scenario=" + b.scenario, "-until-caught"}
				if strings.Contains(b.scenario, "/") {
					args = []string{"-test.run=TestInjections$", "-inject=" + b.scenario}
				}
				out, err := run(broken, b.name, args...)
				if err == nil {
					t.Errorf("the simulation does not see that %s is broken:\n%s", b.rule, out)
				}
				if !strings.Contains(out, "seed ") {
					t.Errorf("the simulation broke down: %v\n%s", err, out)
				}
			})
		}
	})
}

// landed are the bugs of what the runtime can do.
func landed() (list []bug) {
	for _, b := range bugs {
		if !slices.ContainsFunc(b.edits, func(e edit) bool {
			_, err := os.Stat(filepath.Join("..", e.file))
			return errors.Is(err, fs.ErrNotExist)
		}) {
			list = append(list, b)
		}
	}
	return list
}

// overlay plants bugs into the runtime, and gives the file that tells the go
// command of them.
func overlay(t *testing.T, list []bug) string {
	plants := make([]planted.Bug, len(list))
	for i, b := range list {
		plants[i].Name = b.name
		for _, e := range b.edits {
			plants[i].Edits = append(plants[i].Edits, planted.Edit{File: e.file, Old: e.old, New: e.new})
		}
	}
	at, err := planted.Overlay("..", t.TempDir(), plants...)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// build builds the simulation's test binary.
func build(t *testing.T, overlay string) string {
	bin := filepath.Join(t.TempDir(), "simulation.test")
	args := []string{"test", "-c", "-tags=synctests", "-o", bin}
	if overlay != "" {
		args = append(args, "-overlay="+overlay)
	}
	cmd := exec.Command("go", append(args, ".")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return bin
}

// run runs it with a bug alive, or none.
func run(bin, bug string, args ...string) (string, error) {
	cmd := exec.Command(bin, append(args, "-test.timeout=60m")...)
	cmd.Env = append(os.Environ(), planted.Env+"="+bug)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// output runs it and expects that it passes.
func output(t *testing.T, bin, bug string, args ...string) {
	out, err := run(bin, bug, args...)
	if err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(args, " "), err, shorten(out))
	}
	t.Log(strings.Join(args, " "), fmt.Sprint(err))
}

// shorten leaves out the middle of a long text.
func shorten(s string) string {
	const most = 60_000
	if len(s) <= most {
		return s
	}
	return s[:most/2] + "\n…\n" + s[len(s)-most/2:]
}
