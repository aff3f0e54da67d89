// Command once delivers E2E_IN to E2E_TOPIC exactly once, with transactions
// that end as E2E_BOUNDARY says. It is a worker alone: a copy of it that is
// started beside it takes its tasks over, and nobody tells it.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
	"kcgen.dev/runtime/worker"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		if errors.Is(err, kafka.ErrFenced) {
			os.Exit(4)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	timeout, err := time.ParseDuration(cmp.Or(os.Getenv("E2E_TIMEOUT"), "1m"))
	if err != nil {
		return err
	}
	w, err := worker.New(worker.Config{
		Cluster:       kafka.Cluster{Brokers: []string{os.Getenv("E2E_BROKERS")}},
		Log:           slog.New(slog.NewTextHandler(os.Stderr, nil)),
		OffsetTopic:   kafka.NewTopic{Name: "connect-offsets", Partitions: 25, ReplicationFactor: -1},
		FlushInterval: 100 * time.Millisecond,
		FlushTimeout:  5 * time.Second,
		StopTimeout:   20 * time.Second,
		StartTimeout:  -1,
		Sources: []worker.Source{{
			// Another test's offsets are not this one's.
			Name:      "e2e-once-" + os.Getenv("E2E_TOPIC"),
			Connector: filestream.Source{File: os.Getenv("E2E_IN"), Topic: os.Getenv("E2E_TOPIC"), BatchSize: 500},
			MaxTasks:  1, Key: base.String, Value: base.String, Header: convert.SimpleHeader{},
			ExactlyOnce: &worker.ExactlyOnce{
				Group: "e2e", Boundary: cmp.Or(os.Getenv("E2E_BOUNDARY"), worker.AtPoll),
				Interval: 50 * time.Millisecond, Timeout: timeout,
			},
		}},
	})
	if err != nil {
		return err
	}
	return w.Run(ctx)
}
