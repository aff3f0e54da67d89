package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"
)

// took is what a command took, those that it started included.
type took struct{ wall, cpu time.Duration }

func (t took) String() string {
	return fmt.Sprintf("%.2f s, %.2f CPU s", t.wall.Seconds(), t.cpu.Seconds())
}

func (t took) times(n float64) took {
	return took{time.Duration(float64(t.wall) * n), time.Duration(float64(t.cpu) * n)}
}

// of are ratios: this, by that.
func (t took) of(yardstick took) (wall, cpu float64) {
	return float64(t.wall) / float64(yardstick.wall), float64(t.cpu) / float64(yardstick.cpu)
}

// run runs a command in the folder of the Go programs.
func (b *bench) run(ctx context.Context, name string, args ...string) (took, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = b.path("mains")
	cmd.Env = append(os.Environ(), b.env...)
	begun := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return took{}, fmt.Errorf("%s %s: %w\n%s", name, args[0], err, out)
	}
	return took{time.Since(begun), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}

// kcgen builds specs in one call, into the folder bin.
func (b *bench) kcgen(ctx context.Context, names []string, flags ...string) (took, error) {
	if err := os.MkdirAll(b.path("bin"), 0o755); err != nil {
		return took{}, err
	}
	args := append([]string{"-C", b.path("bin"), b.path("kcgen"), "build"}, flags...)
	return b.run(ctx, "env", append(args, b.specFiles(names)...)...)
}

// goBuild builds the programs of specs with kcgen's flags.
func (b *bench) goBuild(ctx context.Context, names []string) (took, error) {
	args := []string{"build", "-trimpath", "-buildvcs=false", "-pgo=off", "-ldflags=-s -w -buildid=", "-o", b.path("bin") + "/"}
	for _, name := range names {
		args = append(args, "./"+name)
	}
	return b.run(ctx, "go", args...)
}

func median(all []took) took {
	mid := func(get func(took) time.Duration) time.Duration {
		var ds []time.Duration
		for _, t := range all {
			ds = append(ds, get(t))
		}
		slices.Sort(ds)
		return (ds[(len(ds)-1)/2] + ds[len(ds)/2]) / 2
	}
	return took{mid(func(t took) time.Duration { return t.wall }), mid(func(t took) time.Duration { return t.cpu })}
}
