// Command chain measures converters and transforms beside Kafka Connect's own,
// without Kafka: the same records through both, in rounds that take turns. It
// prints records per CPU second (of the whole process, a JVM's compiler and
// collector included, behind a warm-up) and the ratio.
//
//	ours/       kcgen's    original/    Kafka Connect's (Java)
//	records.go  the input
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"kcgen.dev/runtime/bench/report"
	"kcgen.dev/runtime/servertest"
)

// benchCase is one row of the result.
type benchCase struct {
	title, name string // what people read; what the programs call it
	size        int    // of a record's JSON, in bytes
	envelope    bool   // whether each record carries its schema
}

var cases = []benchCase{
	{"JSON 200 B, three transforms", "json", 200, false},
	{"JSON 1 KB, three transforms", "json", 1024, false},
	{"JSON 200 B with schema, three transforms", "envelope", 200, true},
	{"Avro encode, 200 B", "avro-encode", 200, true},
	{"Avro decode, 200 B", "avro-decode", 200, true},
}

// want is the promise: records per CPU second, of Kafka Connect's.
const want = 3

type options struct {
	rounds          int
	warmUp, seconds float64
	readme          string
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 3, "rounds; each runs every program once")
	flag.Float64Var(&o.warmUp, "warmup", 5, "`seconds` that are not measured, so that the JVM has compiled what is hot")
	flag.Float64Var(&o.seconds, "seconds", 5, "`seconds` that are measured")
	flag.StringVar(&o.readme, "readme", "", "write the result between the markers of this Markdown `file`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	work, err := os.MkdirTemp("", "kcgen-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	b := &bench{options: o, work: work}
	if err := b.build(ctx); err != nil {
		return err
	}
	var w strings.Builder
	fmt.Fprintf(&w, "Measured on %s; %s, Kafka Connect %s, %s; medians of %d rounds, each %g s behind %g s that are not measured.\n\n",
		report.Hardware(), report.Go(), servertest.KafkaVersion, report.Java(), o.rounds, o.seconds, o.warmUp)
	fmt.Fprintf(&w, "| records per CPU second | kcgen | Kafka Connect | | at least %d |\n|---|--:|--:|--:|---|\n", want)
	for _, c := range cases {
		ours, theirs, err := b.measure(ctx, c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.title, err)
		}
		verdict := "miss"
		if ours >= want*theirs {
			verdict = "PASS"
		}
		fmt.Fprintf(&w, "| %s | %s | %s | %.1f × | %s |\n", c.title, report.Thousands(ours), report.Thousands(theirs), ours/theirs, verdict)
		fmt.Fprintf(os.Stderr, "%s: %.1f ×\n", c.title, ours/theirs)
	}
	fmt.Print(w.String())
	if o.readme == "" {
		return nil
	}
	return report.ReplaceSection(o.readme, "chains", w.String())
}

type bench struct {
	options
	work string
	jars string
}

// build compiles both programs.
func (b *bench) build(ctx context.Context) (err error) {
	if b.jars, err = servertest.InstallConnect(ctx); err != nil {
		return err
	}
	if _, err := exec.LookPath("javac"); err != nil {
		return fmt.Errorf("javac is missing: install the package openjdk-17-jdk-headless (Debian's name)")
	}
	source := filepath.Join(b.work, "Original.java")
	if err := os.WriteFile(source, original, 0o644); err != nil {
		return err
	}
	if err := command(ctx, "javac", "-cp", b.jars+"/*", "-d", b.work, source); err != nil {
		return err
	}
	return command(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(b.work, "ours"), "kcgen.dev/runtime/bench/chain/ours")
}

func command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
}

// measure gives the medians of both.
func (b *bench) measure(ctx context.Context, c benchCase) (ours, theirs float64, err error) {
	file := filepath.Join(b.work, "records.json")
	if err := os.WriteFile(file, records(c), 0o644); err != nil {
		return 0, 0, err
	}
	var o, t []result
	for range b.rounds {
		r, err := b.once(ctx, filepath.Join(b.work, "ours"), c, file)
		if err != nil {
			return 0, 0, err
		}
		o = append(o, r)
		if r, err = b.once(ctx, "java", c, file, "-XX:+UseG1GC", "-Xms1g", "-Xmx1g", "-cp", b.work+":"+b.jars+"/*", "Original"); err != nil {
			return 0, 0, err
		}
		t = append(t, r)
	}
	// A fast program that writes something else wins nothing.
	if o[0].written != t[0].written {
		return 0, 0, fmt.Errorf("kcgen wrote %d bytes, Kafka Connect %d", o[0].written, t[0].written)
	}
	return median(o), median(t), nil
}

// result is what one run printed.
type result struct{ records, nanoseconds, written int }

func (b *bench) once(ctx context.Context, program string, c benchCase, file string, flags ...string) (r result, err error) {
	cmd := exec.CommandContext(ctx, program, append(flags, c.name, file,
		strconv.FormatFloat(b.warmUp, 'g', -1, 64), strconv.FormatFloat(b.seconds, 'g', -1, 64))...)
	out, err := cmd.Output()
	if err == nil {
		_, err = fmt.Sscan(string(out), &r.records, &r.nanoseconds, &r.written)
	}
	if bad, ok := err.(*exec.ExitError); ok {
		return r, fmt.Errorf("%s: %w\n%s", filepath.Base(program), err, bad.Stderr)
	}
	return r, err
}

// median is the middle of the records per CPU second.
func median(rs []result) float64 {
	var v []float64
	for _, r := range rs {
		v = append(v, float64(r.records)/(float64(r.nanoseconds)/1e9))
	}
	slices.Sort(v)
	return v[len(v)/2]
}
