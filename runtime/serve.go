package runtime

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"kcgen.dev/runtime/loglevel"
	"kcgen.dev/runtime/props"
	"kcgen.dev/runtime/rest"
	"kcgen.dev/runtime/state"
)

// serve begins to serve the REST API, where it is asked for: before the start is
// done, so that probes see that it is being done.
func (i *instance) serve() error {
	r := i.p.Worker.Rest
	if r == nil {
		i.name = nameOf()
		return nil
	}
	var secure *tls.Config
	if r.TLS != nil {
		var err error
		if secure, err = r.TLS.Config(i.log); err != nil {
			return FaultError{err}
		}
	}
	listener, err := net.Listen("tcp", r.Listen)
	if err != nil {
		return FaultError{fmt.Errorf("worker.rest.listen: %w", err)}
	}
	i.name = cmp.Or(r.Advertised, listener.Addr().String())
	handler := rest.New(rest.Options{
		Herder: control{i}, Pipeline: i.p.Name, Version: builtBy,
		Connectors: i.connectors(), Plugins: i.plugins(),
		Levels: i.o.Levels, Users: r.BasicAuth, ReadOnly: r.ReadOnly,
		Routes: map[string]http.Handler{"/metrics": http.HandlerFunc(i.metrics)},
		Hosts:  rest.KnownHosts(listener.Addr(), r.Advertised),
		Log:    i.log,
	})
	server, err := rest.Serve(rest.ServerOptions{Listener: listener, TLS: secure, Handler: handler, Log: i.log})
	if err != nil {
		return FaultError{err}
	}
	i.server = server
	i.log.Info("serving Kafka Connect's REST API", "at", server.Addr().String())
	return nil
}

// hangUp ends the server, for which the tasks' own stop leaves some time.
func (i *instance) hangUp() {
	if i.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), max(i.p.Worker.TaskShutdownGracefulTimeout/20, 50*time.Millisecond))
	defer cancel()
	_ = i.server.Close(ctx)
}

func (i *instance) connectors() []rest.Connector {
	var out []rest.Connector
	for _, c := range i.shown {
		out = append(out, rest.Connector{Name: c.Name, Kind: c.Kind, Version: builtBy, Config: c.Config, Defaults: c.Defaults})
	}
	return out
}

func (i *instance) plugins() []rest.Plugin {
	var out []rest.Plugin
	for _, c := range props.Components(i.written) {
		out = append(out, rest.Plugin{Class: c.Class, Path: c.Path, Type: c.Type, Version: builtBy, Fields: c.Options, Common: props.Common(i.written, c.Type)})
	}
	return out
}

// setLevel sets a logger's level here.
func (i *instance) setLevel(logger, level string) {
	parsed, ok := loglevel.Parse(level)
	if !ok || i.o.Levels == nil {
		i.log.Warn("a level of a logger is not known", "name", logger, "level", level)
		return
	}
	i.o.Levels.Set(logger, parsed, time.Now())
}

// control answers REST requests from what the instance knows and shares.
type control struct{ i *instance }

func (c control) Health(ctx context.Context) error {
	if !c.i.started.Load() {
		return rest.ErrStarting
	}
	if err := c.i.herder.Ping(ctx); err != nil {
		return err
	}
	return c.i.apart()
}

// apart says that nobody counts on the instance: its tasks stand, and what it is
// asked for it can tell nobody. Kafka Connect's control loop waits for its group
// then, and answers 500 too.
func (i *instance) apart() error {
	switch g := i.p.Worker.Group; {
	case g != nil && i.herder.Snapshot().Generation == 0: // the group answers, and has given it nothing yet
		return fmt.Errorf("%w: it joins the group %s", rest.ErrStarting, g.ID)
	case i.herder.Leased():
		return nil
	}
	return fmt.Errorf("%w: the brokers have not answered the group %s for longer than its sessionTimeout, or it has gone on without this instance. Tasks stand until it is in the group again", rest.ErrApart, i.p.Worker.Group.ID)
}

func (c control) ready() error {
	if !c.i.started.Load() {
		return rest.ErrStarting
	}
	return nil
}

func (c control) ClusterID(ctx context.Context) (string, error) {
	return c.i.worker.Conn().ClusterID(ctx)
}

func (c control) Status(_ context.Context, connector string) (rest.Status, error) {
	if err := c.ready(); err != nil {
		return rest.Status{}, err
	}
	var s rest.Status
	s.Connector, _ = c.i.statuses.Connector(connector)
	if c.i.config.Target(connector) == state.Stopped {
		return s, nil
	}
	said := c.i.statuses.Tasks(connector)
	for task := range c.count(connector) {
		if st, ok := said[task]; ok {
			s.Tasks = append(s.Tasks, rest.TaskStatus{Task: task, Status: st})
		}
	}
	return s, nil
}

// count is the number of tasks that a connector has when it is not stopped.
func (c control) count(connector string) int {
	for _, k := range c.i.worker.Connectors() {
		if k.Name == connector {
			return k.Tasks
		}
	}
	return 0
}

func (c control) Tasks(_ context.Context, connector string) (int, error) {
	if err := c.ready(); err != nil {
		return 0, err
	}
	if c.i.config.Target(connector) == state.Stopped {
		return 0, nil
	}
	return c.count(connector), nil
}

func (c control) SetTarget(ctx context.Context, connector string, t state.Target) error {
	if err := c.ready(); err != nil {
		return err
	}
	return c.i.config.SetTarget(ctx, connector, t)
}

func (c control) Restart(ctx context.Context, connector string, r rest.Restart) (rest.Status, error) {
	s, err := c.Status(ctx, connector)
	if err != nil {
		return s, err
	}
	failed := func(st state.Status) bool { return st.Phase == state.Failed || !r.OnlyFailed }
	if failed(s.Connector) {
		s.Connector.Phase, s.Connector.Trace = state.Restarting, ""
	}
	for n := range s.Tasks {
		if t := &s.Tasks[n]; r.IncludeTasks && failed(t.Status) {
			t.Phase, t.Trace = state.Restarting, ""
		}
	}
	return s, c.i.config.RequestRestart(ctx, state.Restart{Connector: connector, IncludeTasks: r.IncludeTasks, OnlyFailed: r.OnlyFailed})
}

func (c control) RestartTask(ctx context.Context, id state.TaskID) error {
	if err := c.ready(); err != nil {
		return err
	}
	return c.i.config.RequestTaskRestart(ctx, id)
}

func (c control) Topics(_ context.Context, connector string) ([]string, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	return c.i.statuses.Topics(connector), nil
}

func (c control) ResetTopics(_ context.Context, connector string) error {
	if err := c.ready(); err != nil {
		return err
	}
	c.i.statuses.ResetTopics(connector)
	return nil
}

func (c control) SetLevel(ctx context.Context, logger, level string) error {
	if err := c.ready(); err != nil {
		return err
	}
	return c.i.config.SetLevel(ctx, logger, level)
}

var _ rest.Herder = control{}
