package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/loglevel"
	"kcgen.dev/runtime/offset"
	"kcgen.dev/runtime/rest"
	"kcgen.dev/runtime/state"
)

// fake is a Herder whose wishes come true at once.
type fake struct {
	mu     sync.Mutex
	conns  map[string]*fakeConn
	health error
	hang   bool // until the request's time is over
	levels []string
}

type fakeConn struct {
	kind    string
	target  state.Target
	failed  bool
	noTasks bool // it has made none yet
	topics  []string
	offsets []offset.Position
}

const worker = "127.0.0.1:18084"

func (f *fake) at(name string) *fakeConn {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conns[name]
}

func (f *fake) Health(ctx context.Context) error {
	if f.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.health
}

func (f *fake) ClusterID(ctx context.Context) (string, error) {
	if f.hang {
		<-ctx.Done()
		return "", ctx.Err()
	}
	return "qGqO05H6RTykqayM74wKAQ", nil
}

func (f *fake) Status(_ context.Context, name string) (rest.Status, error) {
	c := f.at(name)
	phase := map[state.Target]state.Phase{state.Started: state.Running, state.Paused: state.PausedPhase, state.Stopped: state.StoppedPhase}[c.target]
	s := rest.Status{Connector: state.Status{Phase: phase, Worker: worker}}
	if c.target == state.Stopped || c.noTasks {
		return s, nil
	}
	task := rest.TaskStatus{Task: 0, Status: state.Status{Phase: phase, Worker: worker}}
	if c.failed {
		task.Phase, task.Trace = state.Failed, "…"
	}
	s.Tasks = []rest.TaskStatus{task}
	return s, nil
}

func (f *fake) Tasks(_ context.Context, name string) (int, error) {
	if c := f.at(name); c.target == state.Stopped || c.noTasks {
		return 0, nil
	}
	return 1, nil
}

func (f *fake) SetTarget(_ context.Context, name string, t state.Target) error {
	c := f.at(name)
	if c.target == state.Stopped && t == state.Paused {
		c.noTasks = true // it makes tasks when it is started
	}
	if t == state.Started {
		c.noTasks = false
	}
	c.target = t
	return nil
}

func (f *fake) Restart(ctx context.Context, name string, r rest.Restart) (rest.Status, error) {
	s, err := f.Status(ctx, name)
	if !r.OnlyFailed || s.Connector.Phase == state.Failed {
		s.Connector.Phase = state.Restarting
	}
	for i := range s.Tasks {
		if r.IncludeTasks && (!r.OnlyFailed || s.Tasks[i].Phase == state.Failed) {
			s.Tasks[i].Phase = state.Restarting
		}
	}
	return s, err
}

func (f *fake) RestartTask(context.Context, state.TaskID) error { return nil }

func (f *fake) Topics(_ context.Context, name string) ([]string, error) {
	return f.at(name).topics, nil
}

func (f *fake) ResetTopics(context.Context, string) error { return nil }

func (f *fake) Offsets(_ context.Context, name string) ([]offset.Position, error) {
	return f.at(name).offsets, nil
}

// AlterOffsets checks as FileStreamSource does.
func (f *fake) AlterOffsets(_ context.Context, name string, list []offset.Position) error {
	c := f.at(name)
	if c.target != state.Stopped {
		return rest.ErrNotStopped
	}
	if c.kind == "sink" {
		return c.alterSink(name, list)
	}
	for _, o := range list {
		if !strings.Contains(string(o.Partition), `"filename"`) {
			return bad("Partition objects should contain the key 'filename'")
		}
		var at struct{ Position any }
		_ = json.Unmarshal(o.Offset, &at)
		switch n, isNumber := at.Position.(float64); {
		case !none(o) && !isNumber:
			return bad("The value for the 'position' key in the offset is expected to be a Long value")
		case n < 0:
			return bad("The value for the 'position' key in the offset should be a non-negative value")
		}
	}
	c.alter(list)
	return nil
}

func (c *fakeConn) alterSink(name string, list []offset.Position) error {
	all, err := offset.ToSink(list)
	for _, p := range all {
		if p.Topic == "no-such-topic" {
			return bad("Failed to alter consumer group offsets for connector " + name)
		}
		one := sinkAt(p.Topic, p.Partition, p.Offset)
		if p.Offset < 0 {
			one[0].Offset = nil
		}
		c.alter(one)
	}
	return err
}

func (c *fakeConn) alter(list []offset.Position) {
	for _, o := range list {
		c.offsets = slices.DeleteFunc(c.offsets, func(old offset.Position) bool { return string(old.Partition) == string(o.Partition) })
		if !none(o) {
			c.offsets = append(c.offsets, o)
		}
	}
}

func none(o offset.Position) bool { return o.Offset == nil || string(o.Offset) == "null" }

func sinkAt(topic string, partition int32, at int64) []offset.Position {
	return offset.FromSink([]offset.SinkPosition{{Topic: topic, Partition: partition, Offset: at}})
}

// bad is an error of what was asked for, with these words.
func bad(words string) error { return fmt.Errorf("%w%s", offset.ErrShape, words) }

func (f *fake) ResetOffsets(_ context.Context, name string) error {
	c := f.at(name)
	if c.target != state.Stopped {
		return rest.ErrNotStopped
	}
	c.offsets = nil
	return nil
}

func (f *fake) SetLevel(_ context.Context, logger, level string) error {
	f.levels = append(f.levels, logger+"="+level)
	return nil
}

// pipeline is a program that can be built anew, with other connectors.
type pipeline struct {
	herder *fake
	o      rest.Options
}

func newPipeline() *pipeline {
	p := &pipeline{herder: &fake{conns: map[string]*fakeConn{}}}
	p.o = rest.Options{
		Herder: p.herder, Pipeline: "orders", Version: "4.3.1", Commit: "26b251a451ce941d",
		Plugins: fakePlugins(), Levels: loglevel.New(slog.LevelInfo),
	}
	slog.New(p.o.Levels.Handler(slog.DiscardHandler)).With("logger", "kafka")
	return p
}

// deploy builds the program with one more connector, or with another
// configuration of one.
func (p *pipeline) deploy(name string, config map[string]string) {
	kind := "source"
	if strings.Contains(config["connector.class"], "Sink") {
		kind = "sink"
	}
	p.remove(name)
	config["name"] = name
	p.o.Connectors = append(p.o.Connectors, rest.Connector{
		Name: name, Kind: kind, Version: "4.3.1", Config: config, Defaults: map[string]bool{"batch.size": true},
	})
	if p.herder.conns[name] == nil || p.herder.conns[name].kind != kind {
		p.herder.conns[name] = &fakeConn{kind: kind, target: state.Started}
	}
}

func (p *pipeline) remove(name string) {
	p.o.Connectors = slices.DeleteFunc(slices.Clone(p.o.Connectors), func(c rest.Connector) bool { return c.Name == name })
}

func (p *pipeline) handler() *rest.Handler { return rest.New(p.o) }

// demo is a program with a source and a sink.
func demo() *pipeline {
	p := newPipeline()
	p.deploy("src", map[string]string{"connector.class": "FileStreamSource", "tasks.max": "1", "file": "in.txt", "topic": "t", "batch.size": "2000"})
	p.deploy("snk", map[string]string{"connector.class": "FileStreamSink", "tasks.max": "1", "file": "out.txt", "topics": "t"})
	return p
}

func fakePlugins() []rest.Plugin {
	common := []connect.Option{
		{Name: "name", Property: "name", Type: "STRING", Required: true},
		{Name: "connector", Property: "connector.class", Type: "STRING", Required: true},
		{Name: "tasksMax", Property: "tasks.max", Type: "INT", Default: "1"},
		{Name: "tolerance", Property: "errors.tolerance", Type: "STRING", Default: "none", Values: []string{"none", "all"}},
		{Name: "logEnable", Property: "errors.log.enable", Type: "BOOLEAN", Default: "false"},
	}
	topics := []connect.Option{{Name: "topics", Property: "topics", Type: "LIST"}, {Name: "topicsRegex", Property: "topics.regex", Type: "STRING"}}
	file := connect.Option{Name: "file", Property: "file", Type: "STRING"}
	return []rest.Plugin{
		{Class: "FileStreamSink", Path: "org.apache.kafka.connect.file.FileStreamSinkConnector", Type: "sink", Version: "4.3.1",
			Fields: []connect.Option{file}, Common: slices.Concat(common, topics)},
		{Class: "FileStreamSource", Path: "org.apache.kafka.connect.file.FileStreamSourceConnector", Type: "source", Version: "4.3.1",
			Fields: []connect.Option{file, {Name: "topic", Property: "topic", Type: "STRING", Required: true}, {Name: "batchSize", Property: "batch.size", Type: "INT", Default: "2000"}},
			Common: common},
		{Class: "transform.Cast", Path: "kcgen.dev/runtime/transform.Cast", Type: "transformation", Version: "4.3.1",
			Fields: []connect.Option{{Name: "spec", Property: "spec", Type: "LIST", Required: true}}},
		{Class: "predicate.TopicNameMatches", Path: "kcgen.dev/runtime/predicate.TopicNameMatches", Type: "predicate", Version: "4.3.1",
			Fields: []connect.Option{{Name: "pattern", Property: "pattern", Type: "STRING", Required: true}}},
	}
}

func quiet(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", what, err))
	}
}
