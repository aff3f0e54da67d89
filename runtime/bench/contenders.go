package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/runtime/servertest"
)

// A contender is one way to do the work.
type contender struct {
	name, title string
	command     func(context.Context, *bench, *work) (*exec.Cmd, error)
	has         func(benchCase) bool
	ends        bool // by itself, when all is done; the others go on until they are stopped
	java        bool // ends with an odd code
}

// The contenders' names.
const (
	bare, plain, kcgen = "bare", "bare-defaults", "kcgen"
	connect, connectSm = "connect-2g", "connect-256m"
)

const everybody = bare + "," + kcgen + "," + connect + "," + connectSm + "," + plain

// contenders are in the order of a case.
var contenders = []contender{
	{name: bare, title: "bare franz-go", command: yardstick(func(c benchCase) []string { return c.bare }), ends: true, has: func(c benchCase) bool { return c.bare != nil }},
	{name: kcgen, title: "kcgen", command: kcgenCommand, has: every},
	{name: connect, title: "Kafka Connect, 2 GB heap", command: connectCommand("-Xms256m", "-Xmx2g"), java: true, has: every},
	{name: connectSm, title: "Kafka Connect, 256 MB heap", command: connectCommand("-Xms64m", "-Xmx256m"), java: true, has: func(c benchCase) bool { return c.small }},
	{name: plain, title: "bare franz-go, its defaults", command: yardstick(func(c benchCase) []string { return c.plain }), ends: true, has: func(c benchCase) bool { return c.plain != nil }},
}

func every(benchCase) bool { return true }

// rivals are the contenders that -contenders names.
func rivals(names string) ([]contender, error) {
	return pick("contender", contenders, func(c contender) string { return c.name }, names)
}

// work is one run's: what to read and to write, under names that no run had
// before.
type work struct {
	c     benchCase
	lines int
	file  string   // a sink's, or a source's one
	files []string // a source's
	topic string
	group string // a sink's
	dir   string // an empty folder
}

// yardstick runs a bare program, which a case gives by its name and flags.
func yardstick(of func(benchCase) []string) func(context.Context, *bench, *work) (*exec.Cmd, error) {
	return func(_ context.Context, b *bench, w *work) (*exec.Cmd, error) {
		program := of(w.c)
		args := append(slices.Clone(program[1:]), b.broker.Addr(), w.topic)
		if w.c.sink {
			args = append(args, w.file, w.group, strconv.Itoa(w.lines))
		} else {
			args = append(args, w.files...)
		}
		return exec.Command(b.path(program[0]), args...), nil
	}
}

// kcgenCommand runs a compiled pipeline; what differs by run it reads from its
// environment, as users' pipelines do.
func kcgenCommand(_ context.Context, b *bench, w *work) (*exec.Cmd, error) {
	cmd := exec.Command(b.path("pipeline-" + w.c.binary()))
	cmd.Env = append(os.Environ(), "BENCH_BROKER="+b.broker.Addr(), "BENCH_FILE="+w.file, "BENCH_TOPIC="+w.topic, "BENCH_GROUP="+w.group)
	if b.registry != nil {
		cmd.Env = append(cmd.Env, "BENCH_REGISTRY="+b.registry.URL())
	}
	return cmd, nil
}

// connectCommand runs a standalone worker of Kafka Connect.
func connectCommand(heap ...string) func(context.Context, *bench, *work) (*exec.Cmd, error) {
	return func(ctx context.Context, b *bench, w *work) (*exec.Cmd, error) {
		p := servertest.ConnectProgram{Dir: w.dir, JVM: slices.Concat(heap, connectJVM), Worker: tuned, Connectors: b.connectors(w)}
		if strings.Contains(w.c.spec, "avro") {
			p.ClassPath = []string{filepath.Join(b.avroJars, "*")}
		}
		return p.Command(ctx, b.broker)
	}
}
