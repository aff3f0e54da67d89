package preflight

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/takeover"
)

// Check looks whether all is there that the pipeline needs, until ctx ends. It
// changes nothing. An error is a fault of the configuration.
func Check(ctx context.Context, p *Pipeline) ([]Finding, error) {
	conn, err := kafka.Connect(p.Cluster, p.Kafka)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	c := &check{ctx: ctx, p: p, conn: conn, needs: NeedsOf(p), principal: p.Cluster.Principal()}
	var others []Finding
	var wait sync.WaitGroup
	wait.Go(func() { others = checkComponents(ctx, p) })
	done := make(chan struct{})
	go func() { defer close(done); c.cluster() }()
	wait.Wait()
	select {
	case <-done:
	case <-ctx.Done():
		c.leave(done)
	}
	return append(c.found, others...), nil
}

// grace is how long what was asked may take to see that the time is over.
const grace = 500 * time.Millisecond

// leave gives up what does not end with the time: a client may wait longer for a
// broker that takes connections and says nothing.
func (c *check) leave(done <-chan struct{}) {
	select {
	case <-done:
		return
	case <-time.After(grace):
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	c.found = append(c.found, Finding{Status: Unknown, About: aboutKafka, What: "the cluster answers", Problem: "no answer in time",
		Fix: "see whether kafka.brokers (or -brokers) is right, whether the brokers run, and whether they have time; give them more by -timeout"})
}

// check is a check of the Kafka cluster.
type check struct {
	ctx       context.Context
	p         *Pipeline
	conn      *kafka.Conn
	probe     *kafka.Probe
	needs     Needs
	principal string

	mu    sync.Mutex
	over  bool // nothing more is heard
	found []Finding
}

const aboutKafka = "kafka"

func (c *check) say(status Status, about, what, problem, fix string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.found = append(c.found, Finding{Status: status, About: about, What: what, Problem: problem, Fix: fix})
}

// unknown says that something cannot be told.
func (c *check) unknown(about, what string, err error) {
	problem := err.Error()
	if c.ctx.Err() != nil {
		problem = "no answer in time"
	}
	c.say(Unknown, about, what, problem, "")
}

func (c *check) cluster() {
	if !c.reach() {
		return
	}
	probe, err := c.conn.Probe(c.ctx)
	if err != nil {
		c.unknown(aboutKafka, "the cluster names its brokers", err)
		return
	}
	defer probe.Close()
	c.probe = probe
	c.brokers()
	c.transactions()
	c.takeover()
	c.topics()
	c.rights()
	for _, n := range c.needs.Notes {
		c.say(Warning, aboutKafka, "what is known before records come", n, "")
	}
}

// reach waits for a broker, and logs in.
func (c *check) reach() bool {
	what := fmt.Sprintf("a broker of %v answers, and takes the login", c.p.Cluster.Brokers)
	err := c.conn.Wait(c.ctx, c.patience())
	switch {
	case err == nil:
		c.say(OK, aboutKafka, what, "", "")
	case errors.Is(err, kafka.ErrUnreachable):
		c.say(Unknown, aboutKafka, what, err.Error(), "see whether kafka.brokers (or -brokers) is right, and whether the brokers run")
	case c.ctx.Err() != nil:
		c.unknown(aboutKafka, what, err)
	default:
		c.say(Missing, aboutKafka, what, err.Error(), "")
	}
	return err == nil
}

// patience ends before the time does, so that what was tried last can be said.
func (c *check) patience() time.Duration {
	end, ok := c.ctx.Deadline()
	if !ok {
		return connect.Forever
	}
	return max(time.Until(end)*9/10, 0)
}

// brokers sees whether each can be reached where it says that it is.
func (c *check) brokers() {
	for _, b := range c.probe.Brokers(c.ctx) {
		what := fmt.Sprintf("broker %d answers at %s", b.ID, b.Address)
		if b.Err == nil {
			c.say(OK, aboutKafka, what, "", "")
		} else {
			c.say(Missing, aboutKafka, what, b.Err.Error(), "the broker says that it is there (its advertised.listeners); make that an address that can be reached from here")
		}
	}
}

func (c *check) transactions() {
	for _, s := range c.p.Sources {
		if s.ExactlyOnce == nil {
			continue
		}
		const what = "the cluster has transaction.version 2, for exactlyOnce"
		switch err := c.probe.Transactions(c.ctx); {
		case err == nil:
			c.say(OK, "sources."+s.Name, what, "", "")
		case errors.Is(err, kafka.ErrTornTransactions):
			c.say(Missing, "sources."+s.Name, what, err.Error(), "kafka-features.sh --bootstrap-server "+c.server()+" upgrade --feature transaction.version=2")
		default:
			c.unknown("sources."+s.Name, what, err)
		}
		return // the others' are the same
	}
}

// server is a broker for a command.
func (c *check) server() string { return c.p.Cluster.Brokers[0] }

// takeover sees whether the connectors run in Kafka Connect.
func (c *check) takeover() {
	if c.p.Takeover == "" {
		return
	}
	t := takeover.Config{Group: c.p.Takeover, Sinks: map[string]string{}, Log: c.p.Log}
	if c.p.Group != nil {
		t.OwnGroup = c.p.Group.ID
	}
	for _, s := range c.p.Sources {
		t.Sources = append(t.Sources, s.Name)
	}
	for _, s := range c.p.Sinks {
		t.Sinks[s.Name] = s.Group()
	}
	what := "no connector runs in the Kafka Connect group " + c.p.Takeover
	switch err := takeover.Check(c.ctx, c.conn, t); {
	case err == nil:
		c.say(OK, "worker.takeover", what, "", "")
	case c.ctx.Err() != nil:
		c.unknown("worker.takeover", what, err)
	default:
		c.say(Missing, "worker.takeover", what, err.Error(), "")
	}
}
