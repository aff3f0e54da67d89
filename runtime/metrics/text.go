package metrics

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/worker"
)

// text collects families in Prometheus' text format, version 0.0.4.
type text struct{ families []*family }

// family is one metric with all its series.
type family struct {
	name, kind, help string
	lines            []string
}

func (t *text) family(name, kind, help string) *family {
	f := &family{name: name, kind: kind, help: help}
	t.families = append(t.families, f)
	return f
}

func (t *text) gauge(name, help string) *family   { return t.family(name, "gauge", help) }
func (t *text) counter(name, help string) *family { return t.family(name, "counter", help) }

// timings are a summary without quantiles, and its maximum.
type timings struct {
	sum, max *family
	unit     float64
}

// timing is in units: time.Second for what is measured in nanoseconds.
func (t *text) timing(name, help string, unit time.Duration) *timings {
	return &timings{
		sum:  t.family(name, "summary", help),
		max:  t.gauge(name+"_max", help+" The longest or largest of the last 30 to 60 seconds."),
		unit: float64(unit),
	}
}

func (f *timings) add(v worker.Timing, labels ...string) {
	f.sum.line("_sum", float64(v.Sum)/f.unit, labels)
	f.sum.line("_count", float64(v.Count), labels)
	f.max.add(float64(v.Max)/f.unit, labels...)
}

// add adds a series; labels are names and values.
func (f *family) add(v float64, labels ...string) { f.line("", v, labels) }

func (f *family) line(suffix string, v float64, labels []string) {
	var b strings.Builder
	b.WriteString(f.name)
	b.WriteString(suffix)
	for i := 0; i < len(labels); i += 2 {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(labels[i])
		b.WriteString(`="`)
		b.WriteString(escape.Replace(strings.ToValidUTF8(labels[i+1], "\uFFFD")))
		b.WriteByte('"')
	}
	if len(labels) > 0 {
		b.WriteByte('}')
	}
	b.WriteByte(' ')
	b.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
	b.WriteByte('\n')
	f.lines = append(f.lines, b.String())
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// bytes are the families that have series, in their order.
func (t *text) bytes() []byte {
	var b bytes.Buffer
	for _, f := range t.families {
		if len(f.lines) == 0 {
			continue
		}
		b.WriteString("# HELP " + f.name + " " + f.help + "\n# TYPE " + f.name + " " + f.kind + "\n")
		if f.kind != "summary" {
			slices.Sort(f.lines)
		}
		for _, l := range f.lines {
			b.WriteString(l)
		}
	}
	return b.Bytes()
}

func number(n int) string { return strconv.Itoa(n) }
