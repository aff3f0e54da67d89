package cdc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/worker"
)

// Pipeline is a source connector of this module, in a worker of its own.
type Pipeline struct {
	Broker *servertest.Broker
	// Make makes the connector from Debezium's properties.
	Make func(properties map[string]string) (connect.Source, error)
	// OffsetTopic is the worker's own; TakeoverTopic that of a Kafka Connect
	// cluster whose connector of the same name it continues, or "".
	OffsetTopic, TakeoverTopic string

	name string
	log  lockedBuffer
	stop context.CancelFunc
	done chan struct{}
	err  error
}

// Start starts the worker.
func (p *Pipeline) Start(ctx context.Context, name string, properties map[string]string) error {
	source, err := p.Make(properties)
	if err != nil {
		return err
	}
	p.name = name
	if p.OffsetTopic == "" {
		p.OffsetTopic = "offsets-of-" + name
	}
	w, err := worker.New(p.config(source))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stop, p.done, p.err = stop, make(chan struct{}), nil
	go func() {
		defer close(p.done)
		p.err = w.Run(ctx)
	}()
	return nil
}

func (p *Pipeline) config(source connect.Source) worker.Config {
	c := convert.JSON{SchemasEnable: true, DecimalFormat: "BASE64"}
	one := worker.TopicRule{Partitions: 1, ReplicationFactor: 1}
	return worker.Config{
		Cluster:       kafka.Cluster{Brokers: []string{p.Broker.Addr()}},
		Log:           slog.New(slog.NewTextHandler(&p.log, nil)),
		OffsetTopic:   kafka.NewTopic{Name: p.OffsetTopic, Partitions: 1, ReplicationFactor: 1},
		TakeoverTopic: p.TakeoverTopic,
		FlushInterval: 50 * time.Millisecond, FlushTimeout: time.Minute, StopTimeout: time.Minute, StartTimeout: time.Minute,
		Sources: []worker.Source{{
			Name: p.name, Connector: source, MaxTasks: 1, Key: c, Value: c, Header: c,
			Topics: &worker.TopicRules{Default: one},
		}},
	}
}

// Stop stops the worker.
func (p *Pipeline) Stop(context.Context) error {
	if p.stop == nil {
		return nil
	}
	p.stop()
	p.stop = nil
	select {
	case <-p.done:
		return p.err
	case <-time.After(patience):
		return fmt.Errorf("cdc: the worker does not stop; its log:\n%s", p.Log())
	}
}

// Failure is the error that the worker ended with.
func (p *Pipeline) Failure(context.Context) error {
	select {
	case <-p.done:
		return fmt.Errorf("cdc: the worker has ended: %w\n%s", errors.Join(errors.New("see its log"), p.err), p.Log())
	default:
		return nil
	}
}

// Offsets are the records of the offsets topic.
func (p *Pipeline) Offsets(ctx context.Context) ([]Offset, error) {
	return readOffsets(ctx, p.Broker, p.OffsetTopic, p.name)
}

// Log is what the worker has logged.
func (p *Pipeline) Log() string { return p.log.String() }

// lockedBuffer is a buffer that several goroutines write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string { b.mu.Lock(); defer b.mu.Unlock(); return b.buf.String() }
