package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"

	"kcgen.dev/runtime/kafka"
)

// The keys of the config topic, Kafka Connect's (KafkaConfigBackingStore) but
// for the last, which Connect's workers pass over.
const (
	targetKey      = "target-state-"
	restartKey     = "restart-connector-"
	levelKey       = "logger-cluster-"
	restartTaskKey = "restart-task-"
)

// foreign are keys of Connect's that mean nothing to a compiled pipeline.
var foreign = []string{"connector-", "task-", "commit-", "tasks-fencing-", "session-key"}

// Restart asks for a connector to be started again, as PUT
// /connectors/NAME/restart does.
type Restart struct {
	Connector    string
	IncludeTasks bool
	OnlyFailed   bool
}

// Requests are told what is asked of connectors: one call at a time, in the
// order in which it was asked, the same on all instances. They return at once,
// and do not call the Config. A nil function is not told.
type Requests struct {
	Target      func(connector string, t Target) // when it has changed
	Restart     func(Restart)
	RestartTask func(TaskID)
	Level       func(logger, level string)
}

// Config is what connectors are asked to be and to do. Instances share it
// through a topic, or an instance that is alone keeps it in memory.
type Config struct {
	on    Requests
	topic *kafka.Log // nil: in memory
	turn  chan struct{}
	skipped

	mu      sync.Mutex
	live    bool // requests are told: those of before the start have been answered
	targets map[string]Target
	turns   map[string]int // how often a target has changed
	levels  map[string]string
}

// NewConfig is the config of an instance that is alone.
func NewConfig(on Requests) *Config {
	return &Config{on: on, live: true, turn: make(chan struct{}, 1), targets: map[string]Target{}, turns: map[string]int{}, levels: map[string]string{},
		skipped: skipped{log: slog.New(slog.DiscardHandler)}}
}

// OpenConfig reads the config topic, which is made with one partition where it
// is not there. What connectors are asked to be by then is not told to on: see
// Targets. life ends the making of the topic.
func OpenConfig(ctx, life context.Context, conn *kafka.Conn, spec kafka.NewTopic, log *slog.Logger, on Requests) (*Config, error) {
	c := NewConfig(on)
	c.live, c.skipped.log, c.skipped.topic = false, log, spec.Name
	spec.Partitions, spec.Configs = 1, map[string]string{"cleanup.policy": "compact"}
	topic, err := conn.OpenLog(ctx, life, spec, c.read, func(error) {})
	if err == nil {
		err = topic.Single(ctx) // waits until it is made
	}
	if err != nil {
		return nil, fmt.Errorf("state: the config topic: %w", err)
	}
	c.topic = topic
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live = true
	return c, nil
}

// Run follows the topic until ctx ends. Without it Requests are told of others'
// requests only when CatchUp is called.
func (c *Config) Run(ctx context.Context) error {
	if c.topic == nil {
		<-ctx.Done()
		return nil
	}
	return c.topic.Follow(ctx)
}

// CatchUp reads what was asked up to now.
func (c *Config) CatchUp(ctx context.Context) error {
	if c.topic == nil {
		return nil
	}
	return c.topic.ReadToEnd(ctx)
}

// Target is what a connector is asked to be: Started, unless somebody asked
// otherwise.
func (c *Config) Target(connector string) Target {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, ok := c.targets[connector]; ok {
		return t
	}
	return Started
}

// Stopped reports whether a connector is asked to be stopped, and at which of
// its turns: as long as that is the same it was nothing else in between.
func (c *Config) Stopped(connector string) (turn int, is bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.turns[connector], c.targets[connector] == Stopped
}

// Targets are the connectors of which something was asked.
func (c *Config) Targets() map[string]Target {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.targets)
}

// Levels are the levels of loggers that were set on all instances.
func (c *Config) Levels() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.levels)
}

// Skipped is the number of records that were not understood.
func (c *Config) Skipped() int64 { return c.skipped.count.Load() }

// targetValue is {"state":…,"state.v2":…}: workers before Kafka 3.5 read the
// first, and know no STOPPED.
type targetValue struct {
	State   *string `json:"state"`
	StateV2 *string `json:"state.v2"`
}

// SetTarget asks a connector to be something, and returns when every instance
// will hear of it and this one has.
func (c *Config) SetTarget(ctx context.Context, connector string, t Target) error {
	return c.ask(ctx, "set the target state of connector "+connector, targetKey+connector, targetOf(t))
}

func targetOf(t Target) targetValue {
	v2, v1 := string(t), string(t)
	if t == Stopped {
		v1 = string(Paused)
	}
	return targetValue{&v1, &v2}
}

type restartValue struct {
	IncludeTasks bool `json:"include-tasks"`
	OnlyFailed   bool `json:"only-failed"`
}

// RequestRestart asks whoever runs a connector and its tasks to start them
// again.
func (c *Config) RequestRestart(ctx context.Context, r Restart) error {
	return c.ask(ctx, "ask for a restart of connector "+r.Connector, restartKey+r.Connector, restartValue{r.IncludeTasks, r.OnlyFailed})
}

// RequestTaskRestart asks whoever runs a task to start it again.
func (c *Config) RequestTaskRestart(ctx context.Context, id TaskID) error {
	return c.ask(ctx, "ask for a restart of task "+id.String(), restartTaskKey+id.String(), struct{}{})
}

// SetLevel sets the level of a logger on all instances.
func (c *Config) SetLevel(ctx context.Context, logger, level string) error {
	return c.ask(ctx, "set the level of logger "+logger, levelKey+logger, map[string]string{"level": level})
}

// ask writes a record and reads it back.
func (c *Config) ask(ctx context.Context, what, key string, value any) error {
	e := kafka.Entry{Key: []byte(key), Value: encode(value)}
	if c.topic == nil {
		select {
		case c.turn <- struct{}{}:
			defer func() { <-c.turn }()
			c.read(e)
			return nil
		case <-ctx.Done():
			return fmt.Errorf("state: %s: %w", what, ctx.Err())
		}
	}
	done := make(chan error, 1)
	go c.topic.Append(ctx, []kafka.Entry{e}, func(err error) { done <- err })
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = fmt.Errorf("it may happen all the same: %w", ctx.Err())
	}
	if err == nil {
		err = c.topic.ReadToEnd(ctx)
	}
	if err != nil {
		return fmt.Errorf("state: %s: %w", what, err)
	}
	return nil
}

// read takes one record.
func (c *Config) read(e kafka.Entry) {
	key := string(e.Key)
	var err error
	if name, ok := strings.CutPrefix(key, targetKey); ok {
		err = c.readTarget(name, e.Value)
	} else if name, ok := strings.CutPrefix(key, restartKey); ok {
		err = c.readRestart(name, e.Value)
	} else if name, ok := strings.CutPrefix(key, restartTaskKey); ok {
		err = c.readRestartTask(name, e.Value)
	} else if name, ok := strings.CutPrefix(key, levelKey); ok {
		err = c.readLevel(name, e.Value)
	} else {
		err = errors.New("the key is not known")
		for _, f := range foreign {
			if strings.HasPrefix(key, f) {
				err = nil
			}
		}
	}
	if err != nil {
		c.skipped.add(e, err)
	}
}

func (c *Config) readTarget(name string, value []byte) error {
	t := Started
	if !null(value) {
		var v targetValue
		if err := json.Unmarshal(value, &v); err != nil {
			return err
		}
		switch {
		case v.StateV2 != nil:
			t = Target(*v.StateV2)
		case v.State != nil:
			t = Target(*v.State)
		default:
			return errors.New("it has neither state nor state.v2")
		}
		if t != Started && t != Paused && t != Stopped {
			return fmt.Errorf("%.100q is no target state", t)
		}
	}
	c.mu.Lock()
	was, ok := c.targets[name]
	if null(value) {
		delete(c.targets, name)
	} else {
		c.targets[name] = t
	}
	if !ok {
		was = Started
	}
	if was != t {
		c.turns[name]++
	}
	live := c.live
	c.mu.Unlock()
	if live && was != t && c.on.Target != nil {
		c.on.Target(name, t)
	}
	return nil
}

func (c *Config) isLive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.live
}

func (c *Config) readRestart(name string, value []byte) error {
	if null(value) {
		return nil
	}
	var v restartValue
	if err := json.Unmarshal(value, &v); err != nil {
		return err
	}
	if c.isLive() && c.on.Restart != nil {
		c.on.Restart(Restart{name, v.IncludeTasks, v.OnlyFailed})
	}
	return nil
}

func (c *Config) readRestartTask(name string, value []byte) error {
	id, err := parseTask(name)
	if err != nil {
		return err
	}
	if !null(value) && c.isLive() && c.on.RestartTask != nil {
		c.on.RestartTask(id)
	}
	return nil
}

func (c *Config) readLevel(name string, value []byte) error {
	if null(value) {
		return nil
	}
	var v struct {
		Level *string `json:"level"`
	}
	if err := json.Unmarshal(value, &v); err != nil {
		return err
	}
	if v.Level == nil {
		return errors.New("it has no level")
	}
	c.mu.Lock()
	c.levels[name] = *v.Level
	c.mu.Unlock()
	if c.isLive() && c.on.Level != nil {
		c.on.Level(name, *v.Level)
	}
	return nil
}
