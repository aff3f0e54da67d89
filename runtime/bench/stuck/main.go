// Command stuck measures what a connector that hangs takes from the others of
// its pipeline: their throughput, by the clock and by CPU time, and how fast the
// REST API answers meanwhile. Runs with a connector that hangs take turns with
// runs in which none does.
//
//	main.go    flags, the order of the runs, the table
//	run.go     one run
//	probe.go   what is asked by REST meanwhile
//	pipeline/  the program: hang.go has the connectors
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// hooks is everything of ours that calls code that may hang.
var hooks = []string{
	"source Tasks", "source Open", "source Poll", "source Committed", "source Close", "source transform", "source converter",
	"sink Open", "sink Put", "sink Flush", "sink Close", "sink transform", "sink converter",
}

func main() {
	lines := flag.Int("n", 1_000_000, "lines to move in each run, to Kafka and back")
	rounds := flag.Int("rounds", 1, "rounds; each runs every hook once, and as often without")
	only := flag.String("only", "", "`hooks`, with commas between them; default: all")
	flag.Parse()
	if *only != "" {
		hooks = strings.Split(*only, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *lines, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// pair is a run without a connector that hangs, and one with it.
type pair struct{ well, stuck result }

// kept is the part of the throughput that is left: the better of what the clock
// and the CPU time tell, since other programs take from the one or the other.
func (p pair) kept() float64 {
	return max(p.well.wall.Seconds()/p.stuck.wall.Seconds(), p.well.cpu.Seconds()/p.stuck.cpu.Seconds())
}

func run(ctx context.Context, lines, rounds int) error {
	b, err := newBench(ctx, lines)
	if b != nil {
		defer b.close()
	}
	if err != nil {
		return err
	}
	if _, err := b.measure(ctx, ""); err != nil { // warms the broker up
		return err
	}
	all := map[string][]pair{}
	for round := range rounds {
		for _, hook := range hooks {
			p, err := b.pair(ctx, hook, round%2 == 1)
			if err != nil {
				return fmt.Errorf("stuck: %s: %w", hook, err)
			}
			fmt.Fprintf(os.Stderr, "%-18s without: %v\n%-18s with:    %v\n", hook, p.well, "", p.stuck)
			all[hook] = append(all[hook], p)
		}
	}
	report(lines, rounds, all)
	return keeps(all)
}

// enough is what the other connectors keep of their throughput beside one that
// hangs.
const enough = 0.95

// keeps is an error that names the hooks beside which they kept less in every
// round: less in some rounds is the machine's noise.
func keeps(all map[string][]pair) error {
	var bad []string
	for _, hook := range hooks {
		if pairs := all[hook]; len(pairs) > 0 && !slices.ContainsFunc(pairs, func(p pair) bool { return p.kept() >= enough }) {
			bad = append(bad, hook)
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("stuck: beside a connector that hangs in %s the others kept less than %.0f%% of their throughput in every round", strings.Join(bad, ", "), 100*enough)
	}
	return nil
}

// pair measures without and with, or the other way round: what runs second may
// find the machine otherwise.
func (b *bench) pair(ctx context.Context, hook string, turned bool) (p pair, err error) {
	if turned {
		if p.stuck, err = b.measure(ctx, hook); err == nil {
			p.well, err = b.measure(ctx, "")
		}
		return p, err
	}
	if p.well, err = b.measure(ctx, ""); err == nil {
		p.stuck, err = b.measure(ctx, hook)
	}
	return p, err
}

// report prints a line for each hook, and one for all of them.
func report(lines, rounds int, all map[string][]pair) {
	fmt.Printf("%d lines to Kafka and back beside a connector that hangs, %d rounds; medians of what they do of the run beside it, in which none hangs\n\n", lines, rounds)
	fmt.Printf("%-18s %8s %8s   %s\n", "it hangs in", "lines/s", "per CPU", "REST answers: p50, p99, longest, over 200 ms")
	var every []pair
	for _, hook := range hooks {
		line(hook, all[hook])
		every = append(every, all[hook]...)
	}
	line("all", every)
	var well []pair
	for _, p := range every {
		well = append(well, pair{p.well, p.well})
	}
	line("none (the others)", well)
}

func line(name string, pairs []pair) {
	var wall, cpu []float64
	var answers []time.Duration
	for _, p := range pairs {
		wall = append(wall, p.well.wall.Seconds()/p.stuck.wall.Seconds())
		cpu = append(cpu, p.well.cpu.Seconds()/p.stuck.cpu.Seconds())
		answers = append(answers, p.stuck.answers...)
	}
	fmt.Printf("%-18s %7.0f%% %7.0f%%   %v\n", name, 100*median(wall), 100*median(cpu), latencies(answers))
}

func median(xs []float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	slices.Sort(xs)
	return (xs[(len(xs)-1)/2] + xs[len(xs)/2]) / 2
}
