package cdc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"time"
)

// Relay has captures of one name follow each other on one database, while rows
// are written all the time: each goes on from the offsets of the one before.
type Relay struct {
	*Lab
	DB, Prefix string
	Properties map[string]string // Debezium's
	Captures   []Capture
	Legs       int // how many times a capture runs
	Rows       int // that a leg delivers before it is stopped, at some moment

	watch   *watch
	written int
	ends    []int // how many rows had arrived when each leg ended
}

// Relayed is what arrived in the course of a relay.
type Relayed struct {
	Written, Arrived int
	Missing          []int // rows that never arrived
	Gaps             []int // rows that arrived before one that was written before them
	Repeated         []int // records that had arrived before, of each leg
	Snapshots        int   // records of snapshots
	Again            int   // those of them that had arrived before
}

// relayTable is the table that is written: numbered rows.
const relayTable = "numbered"

// Run runs the relay.
func (r *Relay) Run(ctx context.Context) (out Relayed, err error) {
	if err := r.Server.Make(ctx, r.DB); err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, r.Server.Drop(context.WithoutCancel(ctx), r.DB)) }()
	if err := r.Server.Exec(ctx, r.DB, "CREATE TABLE "+relayTable+" (id INT PRIMARY KEY, note VARCHAR(100))"); err != nil {
		return out, err
	}
	if err := r.write(ctx, 100); err != nil {
		return out, err
	}
	properties := r.properties()
	if r.watch, err = newWatch(ctx, r.Broker, r.Prefix, ""); err != nil {
		return out, err
	}
	defer r.watch.close()
	stop := r.writing(ctx)
	for leg := range r.Legs {
		if err := r.leg(ctx, leg, properties); err != nil {
			return out, errors.Join(err, stop())
		}
	}
	if err := stop(); err != nil {
		return out, err
	}
	if err := r.last(ctx, properties); err != nil {
		return out, err
	}
	records, err := r.watch.toEnd(ctx)
	return r.judge(records), err
}

func (r *Relay) properties() map[string]string {
	p := r.Server.Properties(r.DB, int(r.Lab.last.Add(1)))
	p["topic.prefix"], p["tasks.max"] = r.Prefix, "1"
	if p["schema.history.internal.kafka.topic"] != "" {
		p["schema.history.internal.kafka.bootstrap.servers"] = r.Broker.Addr()
	}
	maps.Copy(p, r.Properties)
	for k, v := range p {
		p[k] = fill(v, r.Prefix, r.DB)
	}
	return p
}

// topic is where the rows arrive.
func (r *Relay) topic() string {
	if _, is := r.Server.(Postgres); is {
		return r.Prefix + ".public." + relayTable
	}
	return r.Prefix + "." + r.DB + "." + relayTable
}

// write writes rows in one transaction.
func (r *Relay) write(ctx context.Context, n int) error {
	var values []string
	for i := range n {
		values = append(values, fmt.Sprintf("(%d, 'row %[1]d')", r.written+i+1))
	}
	err := r.Server.Exec(ctx, r.DB, "INSERT INTO "+relayTable+" VALUES "+strings.Join(values, ","))
	if err == nil {
		r.written += n
	}
	return err
}

// writing writes until it is stopped: transactions of a few rows, and some of
// many, in the middle of which a capture may be stopped.
func (r *Relay) writing(ctx context.Context) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error)
	go func() {
		var err error
		for err == nil && ctx.Err() == nil {
			rows := 1 + rand.IntN(30)
			if rand.IntN(50) == 0 {
				rows = 3000
			}
			err = r.write(context.WithoutCancel(ctx), rows)
			time.Sleep(200 * time.Millisecond)
		}
		done <- err
	}()
	return func() error { cancel(); return <-done }
}

// leg runs one capture until it has delivered enough, and a bit.
func (r *Relay) leg(ctx context.Context, leg int, properties map[string]string) error {
	c := r.Captures[leg%len(r.Captures)]
	before := r.watch.streamed(r.topic())
	if err := c.Start(ctx, r.Prefix, properties); err != nil {
		return fmt.Errorf("cdc: leg %d: %w", leg, err)
	}
	end := time.Now().Add(patience)
	for r.watch.streamed(r.topic()) < before+r.Rows {
		if err := c.Failure(ctx); err != nil {
			return fmt.Errorf("cdc: leg %d: %w", leg, err)
		}
		if time.Now().After(end) {
			return fmt.Errorf("cdc: leg %d has delivered %d rows after %s", leg, r.watch.streamed(r.topic())-before, patience)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := r.pastSnapshot(ctx, c, end); err != nil {
		return fmt.Errorf("cdc: leg %d: %w", leg, err)
	}
	time.Sleep(rand.N(500 * time.Millisecond))
	if err := c.Stop(ctx); err != nil {
		return fmt.Errorf("cdc: leg %d: stop: %w", leg, err)
	}
	_, err := r.watch.toEnd(ctx)
	r.ends = append(r.ends, r.watch.count(r.topic()))
	return err
}

// pastSnapshot waits until a capture has committed an offset that is of no
// snapshot. From one that is, whoever comes next begins the snapshot anew.
func (r *Relay) pastSnapshot(ctx context.Context, c Capture, end time.Time) error {
	for {
		all, err := c.Offsets(ctx)
		if err != nil {
			return err
		}
		var last map[string]any
		if len(all) > 0 && json.Unmarshal(all[len(all)-1].Value, &last) == nil && last != nil && (last["snapshot"] == nil || last["snapshot"] == false) {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("no offset behind the snapshot is committed after %s: %v", patience, last)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// last has the next capture deliver all that is left.
func (r *Relay) last(ctx context.Context, properties map[string]string) error {
	c := r.Captures[r.Legs%len(r.Captures)]
	if err := c.Start(ctx, r.Prefix, properties); err != nil {
		return err
	}
	d := &drive{lab: r.Lab, db: r.DB, all: []*running{{Capture: c, lab: r.Lab, prefix: r.Prefix, watch: r.watch}}}
	return errors.Join(d.mark(ctx), c.Stop(context.WithoutCancel(ctx)))
}

// judge reads the topic of rows.
func (r *Relay) judge(records []Record) Relayed {
	out := Relayed{Written: r.written, Repeated: make([]int, len(r.ends)+1)}
	leg := 0
	seen := make([]bool, r.written+1)
	next := 1
	for _, record := range records {
		if record.Topic != r.topic() {
			continue
		}
		var v struct {
			Payload struct {
				Op    string
				After struct{ ID int }
			}
		}
		if json.Unmarshal(record.Value, &v) != nil || v.Payload.After.ID < 1 || v.Payload.After.ID > r.written {
			continue
		}
		id := v.Payload.After.ID
		for leg < len(r.ends) && out.Arrived >= r.ends[leg] {
			leg++
		}
		out.Arrived++
		if v.Payload.Op == "r" {
			out.Snapshots++
			if seen[id] {
				out.Again++
			}
		}
		switch {
		case seen[id]:
			out.Repeated[leg]++
		case id > next && v.Payload.Op != "r":
			out.Gaps = append(out.Gaps, id)
		}
		seen[id] = true
		for next <= r.written && seen[next] {
			next++
		}
	}
	for id := 1; id <= r.written; id++ {
		if !seen[id] {
			out.Missing = append(out.Missing, id)
		}
	}
	return out
}
