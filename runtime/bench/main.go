// Command bench measures compiled pipelines beside bare franz-go programs and
// beside Kafka Connect, all doing the same work on one real broker, in rounds
// in which they take turns. It prints medians and ratios, and whether the
// targets are met.
//
//	main.go        flags, order of the runs
//	cases.go       what is done       contenders.go  who does it
//	connect.go     Kafka Connect's side of a case
//	specs/         kcgen's side, compiled by kcgen itself
//	bare/          the yardsticks
//	setup.go       the servers, the programs
//	input.go       what is worked on  compare.go     what came out
//	run.go         one measured run   start.go       starts, idle memory, size
//	report/        the machine, verdicts, sections of a README
//	report.go      medians, ratios    targets.go     promises
//	text.go svg.go readme.go          the result's forms
//	profile.go     CPU profiles (-profile)
//	growth*.go     what grows with what (-growth)   plot.go  its curves
//	chain/         converters and transforms without a broker
//	stuck/         what a connector that hangs takes from others
//	capture/       change data capture beside Debezium
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// options are the flags.
type options struct {
	lines, rounds, starts int
	cases, contenders     string
	dir                   string
	json, svg, readme     string
	more                  string
	profile               string
	growth, quick         bool
}

func main() {
	var o options
	var peers bool
	flag.IntVar(&o.lines, "n", 2_000_000, "lines of 100 bytes to move in each run; cases with larger ones move fewer")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds; each runs every contender of every case once")
	flag.IntVar(&o.starts, "starts", 5, "starts to take the time to the first record of")
	flag.StringVar(&o.cases, "only", "", "`cases`, divided by commas: "+caseNames())
	flag.StringVar(&o.contenders, "contenders", strings.Join([]string{bare, kcgen, plain}, ","), "`who` takes part: "+everybody)
	flag.BoolVar(&peers, "peers", false, "all contenders")
	flag.StringVar(&o.dir, "dir", "", "`folder` for input, output and the broker's data (about 2 kB a line; default: the system's temporary folder)")
	flag.StringVar(&o.json, "json", "", "write all measurements into this `file`")
	flag.StringVar(&o.more, "more", "", "add to the cases and rounds in this `file`, which -json has written on the same machine with the same -n")
	flag.StringVar(&o.svg, "svg", "", "draw the result into this `file`")
	flag.StringVar(&o.readme, "readme", "", "write the result between the markers of this Markdown `file`")
	flag.StringVar(&o.profile, "profile", "", "write CPU profiles of the pipelines into this `folder`, and measure nothing else")
	flag.BoolVar(&o.growth, "growth", false, "measure how cost and memory grow, with lines (up to -n), partitions and fields, and nothing else")
	flag.BoolVar(&o.quick, "quick", false, "measure growth once and at few points: to try that it works, the figures say nothing")
	flag.Parse()
	if peers {
		o.contenders = everybody
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	before, err := earlier(o)
	if err != nil {
		return err
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	if err := b.warmUp(ctx); err != nil {
		return fmt.Errorf("bench: warm up: %w", err)
	}
	switch {
	case o.profile != "":
		return b.profiles(ctx)
	case o.growth:
		return b.growth(ctx, o)
	}
	res := newResults(b)
	res.takeOver(before)
	if err := b.measureStarts(ctx, res); err != nil {
		return err
	}
	failed := b.takeTurns(ctx, res)
	res.summarise() // of what was measured, where it was interrupted too
	return errors.Join(res.write(os.Stdout, o), failed)
}

// warmUp makes the internal topics, and has the broker's JVM compile what is hot.
func (b *bench) warmUp(ctx context.Context) error {
	for range 3 {
		for _, by := range contenders[:2] {
			c := cases[0]
			c.lines = min(b.lines, 200_000)
			if _, err := b.measure(ctx, c, by); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeTurns runs every contender of every case, one behind the other. One that
// fails does not end the others' turns.
func (b *bench) takeTurns(ctx context.Context, res *results) error {
	var failed []error
	for round := range b.rounds {
		for _, c := range b.cases {
			for _, by := range b.rivals {
				if !by.has(c) {
					continue
				}
				m, err := b.measure(ctx, c, by)
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err != nil {
					err = fmt.Errorf("bench: %s, round %d: %w", c.name, round+1, err)
					fmt.Fprintln(os.Stderr, err)
					failed = append(failed, err)
					continue
				}
				fmt.Fprintf(os.Stderr, "round %d  %-12s %-13s %s\n", round+1, c.name, by.name, m)
				m.Round = round + 1 + res.before
				res.add(c.name, by.name, m)
			}
		}
	}
	return errors.Join(failed...)
}

// measureStarts measures what does not depend on a case. A JVM's starts are
// long, so they are few.
func (b *bench) measureStarts(ctx context.Context, res *results) error {
	first := slices.DeleteFunc(slices.Clone(b.rivals), func(by contender) bool { return !by.has(cases[0]) })
	for i := range b.starts {
		for _, by := range first {
			if by.java && i >= 3 {
				continue
			}
			d, memory, err := b.firstRecord(ctx, by, i == 0)
			if err != nil {
				return fmt.Errorf("bench: first record: %w", err)
			}
			res.addStart(by.name, d, memory)
		}
	}
	for _, by := range first {
		size, err := b.diskSize(ctx, by)
		if err != nil {
			return fmt.Errorf("bench: size on disk: %w", err)
		}
		res.Starts[by.name].Disk = size
	}
	return nil
}

func caseNames() string {
	var names []string
	for _, c := range cases {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}
