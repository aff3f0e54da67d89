package main

import "kcgen.dev/runtime/bench/report"

const megabyte = 1_000_000

// judge gives the promises about which something was measured.
func (r *results) judge() []report.Target {
	ts := r.ratios()
	ts = append(ts, r.memory()...)
	if s := r.Starts[kcgen]; s != nil {
		if s.Idle > 0 {
			ts = append(ts, report.Target{What: "idle memory", Want: 20, Got: float64(s.Idle) / megabyte, Unit: "MB", AtMost: true})
		}
		if len(s.FirstRecord) > 0 {
			ts = append(ts, report.Target{What: "exec to the first record", Want: 100, Got: s.first(), Unit: "ms", AtMost: true})
		}
	}
	if r.Pipeline > 0 {
		ts = append(ts, report.Target{What: "the largest of these binaries, of files all, stripped", Want: 16, Got: float64(r.Pipeline) / (1 << 20), Unit: "MiB", AtMost: true})
	}
	return report.Judge(ts)
}

func (s *start) first() float64 {
	return median(s.FirstRecord, func(ms float64) float64 { return ms })
}

// ratios are the promises of lines per CPU second. Those about Kafka Connect
// with 2 GB are judged twice: by the whole run, and by its second half alone,
// when its start and most of its compiler's work are behind it.
func (r *results) ratios() (ts []report.Target) {
	for _, p := range []struct {
		name, what    string
		bare, connect float64
	}{
		{"source", "file → topic", 0.9, 0},
		{"sink", "topic → file", 0.9, 0},
		{"json", "two transforms and JSON", 0.6, 3.5},
		{"envelope", "two transforms and JSON with schema", 0, 3},
		{"avro", "two transforms and Avro", 0, 3},
		{"jsonsink", "JSON and three transforms to a file", 0, 3},
		{"avrosink", "Avro to a file", 0, 3},
	} {
		c := r.find(p.name)
		if c == nil || c.By[kcgen] == nil {
			continue
		}
		s := c.By[kcgen]
		add := func(of string, want, got float64) {
			if want > 0 && got > 0 {
				ts = append(ts, report.Target{What: p.what + ", of " + of, Want: want, Got: got, Unit: "×"})
			}
		}
		add("the bare client with its defaults", p.bare, s.OfPlain)
		add("the bare client", p.bare, s.OfBare)
		add("Kafka Connect", p.connect, s.OfConnect)
		add("Kafka Connect's second half", p.connect, s.OfSteady)
	}
	return ts
}

// memory are the promises of peak memory: the worst case counts.
func (r *results) memory() (ts []report.Target) {
	var peak, share float64
	var worst, worstShare string
	for _, c := range r.Cases {
		ours, small := c.By[kcgen], c.By[connectSm]
		if ours == nil {
			continue
		}
		if p := float64(ours.Peak) / megabyte; p > peak {
			peak, worst = p, c.Name
		}
		if small == nil || small.Peak == 0 {
			continue
		}
		if s := float64(ours.Peak) / float64(small.Peak); s > share {
			share, worstShare = s, c.Name
		}
	}
	if peak > 0 {
		ts = append(ts, report.Target{What: "peak memory, the most (" + worst + ")", Want: 96, Got: peak, Unit: "MB", AtMost: true})
	}
	if share > 0 {
		ts = append(ts, report.Target{What: "peak memory, of Kafka Connect with 256 MB (" + worstShare + ")", Want: 0.25, Got: share, Unit: "×", AtMost: true})
	}
	return ts
}
