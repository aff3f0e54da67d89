package runtime

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/loglevel"
	"kcgen.dev/runtime/worker"
)

// Main runs a pipeline as a program and does not return: it is all that a
// generated main calls. The command line is
//
//	NAME [run] [flags]           run until SIGTERM or SIGINT
//	NAME check                   whether all is there that it needs
//	NAME grants                  the rights that it needs
//	NAME offsets list|set|reset  where the connectors stand
//	NAME replay-dlq              take a dead letter queue's records once more
//	NAME spec                    the spec it was built from
//	NAME sbom                    what is linked in it, as CycloneDX
//	NAME version [-json]         what this program is
//	NAME help                    the flags
//
// It exits with 0 after a clean stop, 1 for faults (a reference that cannot be
// resolved: nothing was written; a task that failed), 2 for wrong usage and 3
// if no broker answered at the start. A second signal ends it at once, with
// 128 and the signal's number.
//
// Fused, where it is given, has the chains that kcgen made functions of.
func Main(p Pipeline, fused ...fuse.Functions) {
	m := Member{Pipeline: p}
	if len(fused) > 0 {
		m.Fused = fused[0]
	}
	os.Exit(command(m, os.Args[1:], os.Stdout, os.Stderr))
}

// flags is the command line.
type flags struct {
	brokers   string
	idle      time.Duration
	level     slog.Level
	format    string
	start     *time.Duration
	progress  string
	pprof     string
	set       *flag.FlagSet
	startText string
}

func command(m Member, args []string, stdout, stderr *os.File) int {
	p := m.Pipeline
	verb := "run"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb, args = args[0], args[1:]
	}
	switch verb {
	case "run":
	case "check":
		return checkCommand(p, args, stdout, stderr)
	case "grants":
		return grantsCommand(p, args, stdout, stderr)
	case "offsets":
		return offsetsCommand(p, args, os.Stdin, stdout, stderr)
	case "version":
		return versionCommand(p.Name, []Member{m}, args, stdout, stderr)
	case "spec":
		return specCommand(p, args, stdout, stderr)
	case "sbom":
		return sbomCommand(p.Name, args, stdout, stderr)
	case "replay-dlq":
		return replayCommand(p, args, stdout, stderr)
	case "help":
		parse(p, []string{}, stdout).usage()
		return 0
	default:
		fmt.Fprintf(stderr, "%s: unknown command %q; there are run, check, grants, offsets, replay-dlq, spec, sbom, version and help\n", p.Name, verb)
		return 2
	}
	f := parse(p, args, stderr)
	if f == nil {
		return 2
	}
	if f.set == nil {
		return 0 // -h
	}
	return run([]Member{m}, f, stderr)
}

// parse reads the flags. It is nil after wrong usage, which it has said.
func parse(p Pipeline, args []string, w io.Writer) *flags {
	f := &flags{set: flag.NewFlagSet(p.Name, flag.ContinueOnError)}
	f.set.SetOutput(w)
	f.common()
	f.set.DurationVar(&f.idle, "exit-when-idle", 0, "stop when nothing was read or written for `D`, such as 2s")
	f.set.StringVar(&f.progress, "progress", "auto", "show progress: auto (on a terminal), on or off")
	f.set.StringVar(&f.pprof, "pprof", "", "serve Go's profiles at `HOST:PORT`, under /debug/pprof/, to everybody who reaches it")
	f.set.Usage = f.usage
	err := f.set.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return &flags{}
	}
	if err != nil {
		return nil
	}
	if err := f.check(); err != nil {
		fmt.Fprintf(w, "%s: %v\n", p.Name, err)
		return nil
	}
	return f
}

// common are the flags of every verb that moves records.
func (f *flags) common() {
	f.set.StringVar(&f.brokers, "brokers", "", brokersUsage)
	f.set.TextVar(&f.level, "log-level", slog.LevelInfo, "the least `level` of log lines: debug, info, warn or error")
	f.set.StringVar(&f.format, "log-format", "text", "the log's `format`: text or json")
	f.set.StringVar(&f.startText, "start-timeout", "", "how long to wait at the start for a broker: a `duration` or forever")
}

const brokersUsage = "`HOST:PORT,…` of brokers, instead of the pipeline's"

// brokersOf is what -brokers says; nil where it says nothing.
func brokersOf(flag string) []string {
	if flag == "" {
		return nil
	}
	return []string{flag}
}

func (f *flags) usage() {
	w := f.set.Output()
	fmt.Fprintf(w, "Usage:\n  %[1]s [run] [flags]\n  %[1]s check [flags]\n  %[1]s grants [flags]\n  %[1]s offsets list|set|reset\n  %[1]s replay-dlq [flags]\n  %[1]s spec\n  %[1]s sbom\n  %[1]s version [-json]\n  %[1]s help\n\nFlags:\n", f.set.Name())
	f.set.PrintDefaults()
}

func (f *flags) check() error {
	if f.set.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", f.set.Arg(0))
	}
	if f.format != "text" && f.format != "json" {
		return fmt.Errorf("-log-format %q is not text or json", f.format)
	}
	if f.progress != "auto" && f.progress != "on" && f.progress != "off" {
		return fmt.Errorf("-progress %q is not auto, on or off", f.progress)
	}
	if f.idle < 0 {
		return fmt.Errorf("-exit-when-idle %v is negative", f.idle)
	}
	switch f.startText {
	case "":
	case "forever":
		d := connect.Forever
		f.start = &d
	default:
		d, err := time.ParseDuration(f.startText)
		if err != nil || d < 0 {
			return fmt.Errorf("-start-timeout %q is not a duration such as 30s, or forever", f.startText)
		}
		f.start = &d
	}
	return nil
}

// logger is the log, and the levels of its loggers, which change at run time.
func (f *flags) logger(w io.Writer) (*slog.Logger, *loglevel.Levels) {
	o := &slog.HandlerOptions{Level: slog.Level(math.MinInt32)}
	var h slog.Handler = slog.NewTextHandler(w, o)
	if f.format == "json" {
		h = slog.NewJSONHandler(w, o)
	}
	levels := loglevel.New(f.level)
	return slog.New(levels.Handler(h)), levels
}

// run runs pipelines, each as if it were alone: one that ends, or fails, leaves
// the others running.
func run(ms []Member, f *flags, stderr *os.File) int {
	var ps []Pipeline
	for _, m := range ms {
		ps = append(ps, m.Pipeline)
	}
	tuneMemory(ps)
	terminal := isTerminal(stderr)
	out := &screen{out: stderr}
	log, _ := f.logger(out)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watchSignals(log, cancel, ctx, stopBudget(ps))

	if f.pprof != "" {
		at, stop, err := serveProfiles(f.pprof)
		if err != nil {
			fmt.Fprintf(stderr, "%s: %v\n", f.set.Name(), err)
			return 1
		}
		defer stop()
		log.Info("serving profiles", "at", "http://"+at.String()+"/debug/pprof/")
	}
	var pr *progress
	if f.progress == "on" || f.progress == "auto" && terminal {
		pr = newProgress(out, terminal)
	}
	ended := make([]ending, len(ps))
	var all sync.WaitGroup
	for i, m := range ms {
		p := m.Pipeline
		o := Options{Fused: m.Fused, Brokers: brokersOf(f.brokers), IdleExit: f.idle, StartTimeout: f.start}
		if o.Log, o.Levels = f.logger(out); len(ps) > 1 {
			o.Log = o.Log.With("pipeline", p.Name)
		}
		if pr != nil {
			o.Watch = pr.watch
		}
		all.Go(func() {
			ended[i].stats, ended[i].err = Run(ctx, p, o)
			if len(ps) > 1 {
				tell(out, p, ended[i].err) // at once: the others may run for long
			}
		})
	}
	all.Wait()
	pr.end()
	return conclude(stderr, ps, ended)
}

// ending is how the run of a pipeline ended.
type ending struct {
	stats []worker.Stats
	err   error
}

// conclude sums up what was moved, and gives the exit code. A fault outweighs a
// broker that did not answer.
func conclude(w io.Writer, ps []Pipeline, ended []ending) int {
	if len(ps) == 1 {
		summary(w, "", ended[0].stats)
		return tell(w, ps[0], ended[0].err)
	}
	code := 0
	for i, p := range ps {
		summary(w, p.Name+": ", ended[i].stats)
		if c := exitCode(ended[i].err); code == 0 || c == 1 {
			code = c
		}
	}
	return code
}

// stopBudget is how long a stop of pipelines may take.
func stopBudget(ps []Pipeline) time.Duration {
	var most time.Duration
	for _, p := range ps {
		p.Worker.fill()
		most = max(most, p.Worker.TaskShutdownGracefulTimeout)
	}
	return most
}

// tell says what went wrong, and gives the exit code.
func tell(w io.Writer, p Pipeline, err error) int {
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			fmt.Fprintf(w, "%s: %s\n", p.Name, line)
		}
	}
	return exitCode(err)
}

// watchSignals stops the program at the first signal and ends it at the
// second. Whatever still hangs after the time for a stop is left behind.
func watchSignals(log *slog.Logger, stop func(), stopped context.Context, budget time.Duration) {
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, syscall.SIGTERM, os.Interrupt)
	go func() {
		select {
		case s := <-ch:
			log.Info("stopping", "signal", s.String(), "limit", budget.String())
			stop()
		case <-stopped.Done():
		}
		go func() {
			s := <-ch
			n, _ := s.(syscall.Signal)
			os.Exit(128 + int(n))
		}()
		time.Sleep(budget)
		fmt.Fprintln(os.Stderr, "the stop took too long; leaving what still hangs behind")
		os.Exit(1)
	}()
}
