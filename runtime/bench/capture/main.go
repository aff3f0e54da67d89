// Command capture measures change data capture beside Debezium's connectors in
// Kafka Connect: the same tables, in rounds in which they take turns. A run
// starts on a table with rows (the snapshot), gets more in transactions of a
// thousand (the stream), and then single ones at a steady pace (the delay from
// their commit to a consumer).
//
//	main.go         flags, order of the runs
//	contenders.go   who does it
//	databases.go    on what
//	run.go          one measured run     delays.go  of single changes
//	report.go       medians and ratios
//	specs/          kcgen's side, compiled by kcgen itself
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	rows, changes, rounds int
	pace                  time.Duration
	singles               int
	databases, contenders string
	dir                   string
}

func main() {
	var o options
	flag.IntVar(&o.rows, "rows", 1_000_000, "rows that are there when a run starts")
	flag.IntVar(&o.changes, "changes", 1_000_000, "rows that are written while it runs, a thousand in a transaction")
	flag.IntVar(&o.singles, "singles", 4000, "rows that are then written one by one")
	flag.DurationVar(&o.pace, "pace", 5*time.Millisecond, "time between two of them")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds; each runs every contender on every database once")
	flag.StringVar(&o.databases, "databases", "postgres,mariadb", "`which`, divided by commas")
	flag.StringVar(&o.contenders, "contenders", strings.Join(names(), ","), "`who` takes part")
	flag.StringVar(&o.dir, "dir", "", "`folder` for the broker's data (about 1 kB a row; default: the system's temporary folder)")
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
	res := results{}
	var failed []error
	for round := range o.rounds {
		for _, db := range b.databases {
			for _, by := range b.rivals {
				m, err := b.measure(ctx, db, by)
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err != nil {
					failed = append(failed, fmt.Errorf("capture: %s of %s, round %d: %w", by.title, db, round+1, err))
					fmt.Fprintln(os.Stderr, failed[len(failed)-1])
					continue
				}
				fmt.Fprintf(os.Stderr, "round %d  %-10s %-15s %s\n", round+1, db, by.name, m)
				res.add(db, by.name, m)
			}
		}
	}
	res.print(os.Stdout, o)
	return errors.Join(failed...)
}
