// Command bench measures compiled pipelines beside bare franz-go programs that
// do the same work, in one run, in rounds that take turns, against a real
// broker; it prints medians, their ratios, and whether the targets are met.
//
//	main.go      flags, order of the runs
//	setup.go     the broker, the programs, the input
//	run.go       one measured run of one program
//	report.go    medians, ratios, targets
//	bare/        the yardsticks    pipeline/  what is measured
//	profile/     CPU profiles (-profile)
//	stuck/       a program of its own: what a connector that hangs takes from others
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// options are the flags.
type options struct {
	lines, rounds int
	size          int
	starts        int
	dir           string
	json          bool
	profile       string
}

func main() {
	var o options
	flag.IntVar(&o.lines, "n", 5_000_000, "lines to move in each run")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds; each runs every program once")
	flag.IntVar(&o.size, "size", 100, "bytes of a line, without its newline")
	flag.IntVar(&o.starts, "starts", 9, "starts to take the time to the first record of")
	flag.StringVar(&o.dir, "dir", "", "`folder` for input, output and the broker's data (about 2 kB a line; default: the system's temporary folder)")
	flag.BoolVar(&o.json, "json", false, "print the results as JSON")
	flag.StringVar(&o.profile, "profile", "", "write CPU profiles of the pipelines into this `folder`, and measure nothing else")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	if o.profile != "" {
		return b.profiles(ctx)
	}
	res := results{Lines: o.lines, Size: o.size}
	for round := range o.rounds {
		for _, c := range cases {
			m, err := b.measure(ctx, c, round)
			if err != nil {
				return fmt.Errorf("bench: %s, round %d: %w", c.name, round+1, err)
			}
			fmt.Fprintf(os.Stderr, "round %d  %-15s %s\n", round+1, c.name, m)
			res.add(c.name, m)
		}
	}
	for range o.starts {
		d, err := b.firstRecord(ctx)
		if err != nil {
			return fmt.Errorf("bench: first record: %w", err)
		}
		res.FirstRecord = append(res.FirstRecord, d.Seconds()*1000)
	}
	if res.BinaryBytes, err = b.binarySize("source"); err != nil {
		return err
	}
	return res.print(os.Stdout, o.json)
}
