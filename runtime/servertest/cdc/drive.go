package cdc

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// drive takes captures through a case.
type drive struct {
	lab   *Lab
	c     Case
	db    string
	all   []*running
	marks int
}

func (d *drive) run(ctx context.Context) error {
	if err := d.begin(ctx); err != nil {
		return fmt.Errorf("wait for the stream: %w", err)
	}
	for i, s := range d.c.Steps {
		err := d.step(ctx, s)
		if err == nil && s.Kind != "wait" {
			err = d.mark(ctx)
		}
		if err != nil {
			return fmt.Errorf("step %d (%s): %w", i+1, s.Kind, err)
		}
	}
	return nil
}

// begin waits until all captures stream. Marks before that could become a part
// of a snapshot, so the first comes when nothing has arrived for a while.
func (d *drive) begin(ctx context.Context) error {
	for !d.settled() {
		for _, r := range d.all {
			if err := r.Failure(ctx); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return d.mark(ctx)
}

// settled is whether nothing comes any more. A capture that has told less than
// another may still be at its snapshot: then it is waited for longer.
func (d *drive) settled() bool {
	const some, none = 2 * time.Second, 6 * time.Second
	_, first := d.all[0].quiet()
	for _, r := range d.all {
		quiet, n := r.quiet()
		agreed := n > 0 && n == first && len(d.all) > 1
		if quiet <= some || quiet <= none && !agreed {
			return false
		}
	}
	return true
}

// mark waits until each capture has streamed a mark. One that came too early for
// a capture is followed by others.
func (d *drive) mark(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	first := d.marks + 1
	for {
		d.marks++
		if err := d.lab.Server.Mark(ctx, d.db, d.marks); err != nil {
			return err
		}
		again := time.Now().Add(5 * time.Second)
		for time.Now().Before(again) {
			behind, err := d.behind(ctx, first)
			if err != nil {
				return err
			}
			if behind == "" {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s has not delivered a mark after %s", behind, patience)
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
}

// behind names a capture that has delivered no mark from first on.
func (d *drive) behind(ctx context.Context, first int) (string, error) {
	for _, r := range d.all {
		if r.marked() >= first {
			continue
		}
		if err := r.Failure(ctx); err != nil {
			return "", err
		}
		return r.prefix, nil
	}
	return "", nil
}

func (d *drive) step(ctx context.Context, s Step) error {
	switch s.Kind {
	case "sql":
		return d.lab.Server.Exec(ctx, d.db, fill(s.Text, d.all[0].prefix, d.db))
	case "signal":
		return d.signal(ctx, s.Text)
	case "restart":
		return d.restart(ctx, s.Text)
	}
	w, err := parseWait(fill(s.Text, "", d.db))
	if err != nil {
		return err
	}
	return d.wait(ctx, w)
}

// signal writes to each capture's signal topic.
func (d *drive) signal(ctx context.Context, text string) error {
	for _, r := range d.all {
		for line := range strings.Lines(fill(text, r.prefix, d.db)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			if err := r.produce(ctx, r.properties["signal.kafka.topic"], key, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// restart stops the captures, runs statements and starts them again.
func (d *drive) restart(ctx context.Context, statements string) error {
	for _, r := range d.all {
		if err := r.Stop(ctx); err != nil {
			return err
		}
	}
	if strings.TrimSpace(statements) != "" {
		if err := d.lab.Server.Exec(ctx, d.db, fill(statements, d.all[0].prefix, d.db)); err != nil {
			return err
		}
	}
	for _, r := range d.all {
		if err := r.Start(ctx, r.prefix, r.properties); err != nil {
			return err
		}
	}
	return nil
}

// wait waits until a topic has so many records.
func (d *drive) wait(ctx context.Context, w Wait) error {
	end := time.Now().Add(patience)
	for _, r := range d.all {
		for r.count(r.prefix+"."+w.Topic) < w.Records {
			if err := r.Failure(ctx); err != nil {
				return err
			}
			if time.Now().After(end) {
				return fmt.Errorf("%s.%s has %d records, want %d", r.prefix, w.Topic, r.count(r.prefix+"."+w.Topic), w.Records)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	return nil
}
