package runtime

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// replayFlags are the flags of replay-dlq: those of run that apply, and its own.
type replayFlags struct {
	*flags
	o            ReplayOptions
	sink, source string
}

func parseReplay(p Pipeline, args []string, w io.Writer) (f *replayFlags, help bool) {
	f = &replayFlags{flags: &flags{set: flag.NewFlagSet(p.Name+" replay-dlq", flag.ContinueOnError), progress: "off"}}
	f.set.SetOutput(w)
	f.set.StringVar(&f.sink, "sink", "", "replay the letters of the sink `NAME`")
	f.set.StringVar(&f.source, "source", "", "replay the letters of the source `NAME`")
	f.set.StringVar(&f.o.From, "from", "", "begin at `WHERE`: start, an offset, or a time such as 2026-01-31T15:04:05Z; by default where the last replay ended")
	f.set.StringVar(&f.o.Topic, "topic", "", "the `topic` of letters without __connect.errors headers; by default the sink's, where it has one")
	f.set.IntVar(&f.o.Limit, "limit", 0, "take no more than `N` letters")
	f.set.BoolVar(&f.o.DryRun, "dry-run", false, "list the letters and change nothing")
	f.common()
	f.set.Usage = func() {
		fmt.Fprintf(w, "Usage:\n  %s replay-dlq [-sink NAME | -source NAME] [flags]\n\nTakes the letters of a dead letter queue through the same chain again, up to where\nthe queue ends now. What fails again goes back to the queue once. A further\nreplay goes on where this one ended.\n\nFlags:\n", p.Name)
		f.set.PrintDefaults()
	}
	err := f.set.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil, true
	}
	if err != nil {
		return nil, false
	}
	if err := f.checkReplay(); err != nil {
		fmt.Fprintf(w, "%s: %v\n", p.Name, err)
		return nil, false
	}
	return f, false
}

func (f *replayFlags) checkReplay() error {
	switch {
	case f.sink != "" && f.source != "":
		return errors.New("-sink and -source exclude each other")
	case f.o.Limit < 0:
		return fmt.Errorf("-limit %d is negative", f.o.Limit)
	case f.sink != "":
		f.o.Kind, f.o.Connector = "sink", f.sink
	case f.source != "":
		f.o.Kind, f.o.Connector = "source", f.source
	}
	return f.check()
}

// replayCommand is the verb replay-dlq. It exits with 1 where letters failed
// again or could not be replayed.
func replayCommand(p Pipeline, args []string, stdout, stderr *os.File) int {
	f, help := parseReplay(p, args, stderr)
	if help {
		return 0
	}
	if f == nil {
		return 2
	}
	p.Worker.fill()
	log, _ := f.logger(stderr)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watchSignals(log, cancel, ctx, p.Worker.TaskShutdownGracefulTimeout)
	f.o.Brokers, f.o.Log, f.o.StartTimeout, f.o.List = brokersOf(f.brokers), log, f.start, stdout
	report, err := ReplayLetters(ctx, p, f.o)
	if report.Queue != "" {
		if f.o.DryRun {
			fmt.Fprintf(stdout, "%s: %d letters of %s\n", report.Queue, report.Taken, report.Connector)
		} else {
			fmt.Fprintln(stdout, report)
		}
	}
	if err != nil {
		return tell(stderr, p, err)
	}
	if report.Again+report.Impossible > 0 {
		return 1
	}
	return 0
}
