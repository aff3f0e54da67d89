// Command record writes what Debezium gives for the cases of package cdc:
//
//	record [-out DIR] [-plain] [-only REGEXP] DATABASE…
//
// It starts a broker, Kafka Connect with Debezium, and the databases (postgres,
// mariadb, mysql). Run it in runtime/servertest/cdc, where testdata is.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/cdc"
)

func main() {
	r := recorder{}
	flag.StringVar(&r.out, "out", "testdata", "the folder to write DATABASE/CASE.jsonl.gz into")
	flag.BoolVar(&r.plain, "plain", false, "write plain files, and the cases beside them")
	flag.StringVar(&r.only, "only", "", "a regular expression: only cases whose names it matches")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if r.matches, err = regexp.Compile(r.only); err == nil {
		err = r.run(ctx, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

type recorder struct {
	out, only string
	plain     bool
	matches   *regexp.Regexp // only
	broker    *servertest.Broker
	connect   *servertest.ConnectWorker
}

const group = "record"

// run records the cases of databases. A case that fails does not keep the others
// from being recorded.
func (r *recorder) run(ctx context.Context, databases []string) (err error) {
	if r.broker, err = servertest.StartKafka(ctx); err != nil {
		return err
	}
	defer r.broker.Close()
	// Offsets are written as often as can be, so that those in the middle are seen.
	if r.connect, err = servertest.StartDebezium(ctx, r.broker, group, map[string]string{"offset.flush.interval.ms": "50"}); err != nil {
		return err
	}
	defer r.connect.Close()
	var failed []error
	for _, name := range databases {
		failed = append(failed, r.database(ctx, name))
	}
	return errors.Join(failed...)
}

func (r *recorder) database(ctx context.Context, name string) error {
	files, err := filepath.Glob(filepath.Join("testdata", name, "*.txtar"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no cases in testdata/%s (%v)", name, err)
	}
	first := func(file string) bool { return filepath.Base(file) == "types.txtar" }
	slices.SortStableFunc(files, func(a, b string) int {
		if first(a) == first(b) {
			return strings.Compare(a, b)
		} else if first(a) {
			return -1
		}
		return 1
	})
	server, stop, err := cdc.StartServer(ctx, name)
	if err != nil {
		return err
	}
	defer stop()
	lab := &cdc.Lab{Broker: r.broker, Server: server}
	var failed []error
	for _, file := range files {
		cases, err := cdc.ReadCases(file)
		failed = append(failed, err)
		for _, c := range cases {
			if r.matches.MatchString(c.Name) && ctx.Err() == nil {
				failed = append(failed, r.record(ctx, lab, file, c))
			}
		}
	}
	return errors.Join(failed...)
}

// record records one case.
func (r *recorder) record(ctx context.Context, lab *cdc.Lab, file string, c cdc.Case) error {
	begun := time.Now()
	db := strings.ReplaceAll(c.Name, "-", "_")
	debezium := &cdc.Debezium{Connect: r.connect, Broker: r.broker, Group: group}
	got, err := lab.Run(ctx, c, db, []string{c.Database + "_" + db}, debezium)
	err = errors.Join(err, debezium.Delete(context.WithoutCancel(ctx)))
	if err != nil {
		fmt.Printf("FAIL %s/%s: %v\n", c.Database, c.Name, err)
		return err
	}
	dir := filepath.Join(r.out, c.Database)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	name := filepath.Join(dir, c.Name+".jsonl")
	if !r.plain {
		name += ".gz"
	} else if err := copyFile(file, dir); err != nil {
		return err
	}
	fmt.Printf("%s/%s: %d records, %d offsets in %.1f s\n", c.Database, c.Name, len(got[0].Records), len(got[0].Offsets), time.Since(begun).Seconds())
	return got[0].WriteFile(name)
}

func copyFile(file, dir string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, filepath.Base(file)), text, 0o644)
}
