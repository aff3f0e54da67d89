// Command build measures kcgen build beside the go build of the very programs
// that it makes, in rounds that take turns: one word of a spec changed, many
// specs in one call, many specs in one binary, and an empty build cache. It says
// how large binaries are, too, by what they hold.
//
//	specs.go    specs and programs, all of them variants of one example
//	measure.go  what a command took
//	cases.go    what is measured
//	sizes.go    binaries by connector, of the specs in sizes/
//	results.go  tables and verdicts
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"kcgen.dev/runtime/bench/report"
)

type options struct {
	rounds, specs, packed, single int
	cold                          bool
	readme, kinds                 string
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of the warm build")
	flag.IntVar(&o.specs, "specs", 200, "specs in one call; 0 leaves it out")
	flag.IntVar(&o.single, "single", 10, "how many of them are built by calls of their own, too")
	flag.IntVar(&o.packed, "pack", 20, "specs in one binary; 0 leaves it out")
	flag.BoolVar(&o.cold, "cold", true, "measure builds with an empty build cache")
	flag.StringVar(&o.kinds, "kinds", "", "binaries to take the size of, divided by commas; all for none")
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
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	r := new(results)
	for _, measure := range []func(context.Context, *results) error{b.warm, b.empty, b.many, b.pack, b.sizes} {
		if err := measure(ctx, r); err != nil {
			return err
		}
	}
	fmt.Print(r.markdown())
	if o.readme == "" {
		return nil
	}
	return report.ReplaceSection(o.readme, "build", r.markdown())
}
