// Command build measures kcgen build beside the go build of the very programs
// that it makes, in rounds that take turns: one word of a spec changed, many
// specs in one call, many specs in one binary, and an empty build cache.
//
//	specs.go    specs and programs, all of them variants of one example
//	measure.go  what a command took
//	cases.go    what is measured
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

type options struct {
	rounds, specs, packed, single int
	cold                          bool
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of the warm build")
	flag.IntVar(&o.specs, "specs", 200, "specs in one call; 0 leaves it out")
	flag.IntVar(&o.single, "single", 10, "how many of them are built by calls of their own, too")
	flag.IntVar(&o.packed, "pack", 20, "specs in one binary; 0 leaves it out")
	flag.BoolVar(&o.cold, "cold", true, "measure builds with an empty build cache")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	for _, measure := range []func(context.Context) error{b.warm, b.many, b.pack, b.empty} {
		if err := measure(ctx); err != nil {
			return err
		}
	}
	return nil
}
