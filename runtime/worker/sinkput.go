package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
)

// put hands the batch to the connector, again and again while it asks for it.
// Between two tries the group may take partitions away: their records are then
// left out, since another task has them.
func (t *sinkTask) put(stop, hard context.Context) error {
	tries := t.cfg.Errors.retries()
	if tries.timeout == 0 {
		tries.timeout = connect.Forever // Kafka Connect's put is retried without an end
	}
	var bad limited
	for len(t.batch) > 0 {
		if t.leased != nil && !t.leased() {
			if err := t.unlocked(func() error { return t.awaitLease(stop) }); err != nil {
				return err
			}
			t.leaveOut()
			continue
		}
		begun := time.Now()
		t.results.begin()
		err := t.plugged(hookPut, func() error { return t.plug.Put(hard, t.batch) })
		t.results.end(err != nil)
		if err == nil {
			now := time.Now()
			t.work.add(now, int64(now.Sub(begun)))
			t.unflushed = true
			t.count()
			return nil
		}
		t.errored(string(stagePut))
		if transient(err) && bad.ok() {
			t.log.Warn("the connector could not take a batch; trying again", "records", len(t.batch), "error", err.Error())
		}
		switch cause := t.unlocked(func() error { return tries.again(stop, err) }); {
		case errors.Is(cause, errStopped):
			return errStopped
		case cause != nil:
			t.broken = true
			t.failures.Add(1)
			f := t.call(stagePut, t.cfg.Connector, err)
			f.Place = t.batchPlace()
			return f
		}
		t.counts.retries.Add(1)
		t.leaveOut()
	}
	return nil
}

// leaveOut removes the records of partitions that were taken away.
func (t *sinkTask) leaveOut() {
	if len(t.taken) == 0 {
		return
	}
	n := 0
	for i := range t.batch {
		if !t.taken[t.runs[t.origin[i].run].Partition] {
			t.batch[n], t.batch[i] = t.batch[i], t.batch[n] // swap: each keeps its own header memory
			t.origin[n] = t.origin[i]
			n++
		}
	}
	t.batch, t.origin = t.batch[:n], t.origin[:n]
}

func (t *sinkTask) count() { t.records.Add(uint64(len(t.batch))) }

// batchPlace names the records of the batch: topic t, partition 0, offsets 5 to 9.
func (t *sinkTask) batchPlace() string {
	var parts []string
	for i := range t.runs {
		r := &t.runs[i]
		if !slices.ContainsFunc(t.origin, func(o origin) bool { return o.run == int32(i) }) {
			continue
		}
		if len(parts) == 3 {
			parts = append(parts, "and others")
			break
		}
		parts = append(parts, fmt.Sprintf("topic %s, partition %d, offsets %d to %d", r.Topic, r.Partition.Partition, r.At(0).Offset, r.At(r.Len()-1).Offset))
	}
	return strings.Join(parts, "; ")
}
