package main

// target is one promise and what was measured.
type target struct {
	What   string  `json:"what"`
	Want   float64 `json:"want"`
	Got    float64 `json:"got"`
	Unit   string  `json:"unit"`
	AtMost bool    `json:"atMost"`
	Pass   bool    `json:"pass"`
}

const megabyte = 1_000_000

// judge gives the promises about which something was measured.
func (r *results) judge() []target {
	ts := r.ratios()
	ts = append(ts, r.memory()...)
	if s := r.Starts[kcgen]; s != nil {
		if s.Idle > 0 {
			ts = append(ts, target{What: "idle memory", Want: 20, Got: float64(s.Idle) / megabyte, Unit: "MB", AtMost: true})
		}
		if len(s.FirstRecord) > 0 {
			ts = append(ts, target{What: "exec to the first record", Want: 100, Got: s.first(), Unit: "ms", AtMost: true})
		}
	}
	if r.Pipeline > 0 {
		ts = append(ts, target{What: "the largest binary, stripped", Want: 16, Got: float64(r.Pipeline) / (1 << 20), Unit: "MiB", AtMost: true})
	}
	for i, t := range ts {
		ts[i].Pass = t.Got >= t.Want
		if t.AtMost {
			ts[i].Pass = t.Got <= t.Want
		}
	}
	return ts
}

func (s *start) first() float64 {
	return median(s.FirstRecord, func(ms float64) float64 { return ms })
}

// ratios are the promises of lines per CPU second. Those about Kafka Connect
// with 2 GB are judged twice: by the whole run, and by its second half alone,
// when its start and most of its compiler's work are behind it.
func (r *results) ratios() (ts []target) {
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
				ts = append(ts, target{What: p.what + ", of " + of, Want: want, Got: got, Unit: "×"})
			}
		}
		add("the bare client", p.bare, s.OfBare)
		add("Kafka Connect", p.connect, s.OfConnect)
		add("Kafka Connect's second half", p.connect, s.OfSteady)
	}
	return ts
}

// memory are the promises of peak memory: the worst case counts.
func (r *results) memory() (ts []target) {
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
		ts = append(ts, target{What: "peak memory, the most (" + worst + ")", Want: 96, Got: peak, Unit: "MB", AtMost: true})
	}
	if share > 0 {
		ts = append(ts, target{What: "peak memory, of Kafka Connect with 256 MB (" + worstShare + ")", Want: 0.25, Got: share, Unit: "×", AtMost: true})
	}
	return ts
}
