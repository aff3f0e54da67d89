// Command sqlsource reads the table of E2E_IN, a SQLite file, into E2E_TOPIC in
// the mode of E2E_MODE, and exactly once with E2E_ONCE. It is a worker alone, so
// that what was killed is followed at once.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"kcgen.dev/runtime/connector/sql"
	"kcgen.dev/runtime/connector/sqlite"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
	"kcgen.dev/runtime/transform"
	"kcgen.dev/runtime/worker"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	w, err := worker.New(config())
	if err == nil {
		err = w.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func config() worker.Config {
	s := worker.Source{
		Name:      "e2e-sqlsource-" + os.Getenv("E2E_TOPIC"), // another test's offsets are not this one's
		Connector: table(), MaxTasks: 1,
		Key: base.String, Value: base.String, Header: convert.SimpleHeader{},
		Steps: []worker.Step{{Do: transform.ExtractField{On: "value", Field: "line", FieldSyntaxVersion: "V1"}}},
	}
	if os.Getenv("E2E_ONCE") != "" {
		s.ExactlyOnce = &worker.ExactlyOnce{Group: "e2e", Boundary: worker.AtPoll, Timeout: time.Minute}
	}
	return worker.Config{
		Cluster:       kafka.Cluster{Brokers: []string{os.Getenv("E2E_BROKERS")}},
		Log:           slog.New(slog.NewTextHandler(os.Stderr, nil)),
		OffsetTopic:   kafka.NewTopic{Name: "connect-offsets", Partitions: 25, ReplicationFactor: -1},
		FlushInterval: 100 * time.Millisecond,
		FlushTimeout:  5 * time.Second,
		StopTimeout:   20 * time.Second,
		StartTimeout:  -1,
		Sources:       []worker.Source{s},
	}
}

func table() sql.Source {
	s := sql.Source{
		Connection:   sqlite.Database{File: os.Getenv("E2E_IN"), BusyTimeout: 30 * time.Second, DateClass: "text"},
		Mode:         os.Getenv("E2E_MODE"),
		Query:        "SELECT id, at, line FROM lines",
		TopicPrefix:  os.Getenv("E2E_TOPIC"),
		PollInterval: 10 * time.Millisecond,
		BatchMaxRows: 500,
	}
	if s.Mode != "timestamp" {
		s.IncrementingColumnName = "id"
	}
	if s.Mode != "incrementing" {
		s.TimestampColumnName = []string{"at"}
	}
	return s
}
