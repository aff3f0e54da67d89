package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
)

// The two ways that growth is measured with.
var (
	toTopic = benchCase{spec: "source", input: "text", partitions: 1, tasks: 1}
	toFile  = benchCase{spec: "sink", input: "text", sink: true, partitions: 1, tasks: 1}
)

// repeats is how often something is measured that takes n lines; the median
// counts. What is short is measured more often, as CPU time comes in ticks.
func (b *bench) repeats(n int) int {
	switch {
	case b.quick:
		return 1
	case n <= 100_000:
		return 7
	}
	return 3
}

// at are the points of a curve that are measured.
func (b *bench) at(points []int) []int {
	if b.quick {
		return []int{points[0], points[len(points)-1]}
	}
	return points
}

// cost measures a compiled pipeline: CPU microseconds a line without those of
// the start, and peak memory in megabytes.
func (b *bench) cost(ctx context.Context, c benchCase) (micros, peak float64, err error) {
	c.name = fmt.Sprintf("%s of %d lines of %s, %d partitions", c.spec, c.lines, c.input, c.partitions)
	if err := b.buildPipeline(ctx, c); err != nil {
		return 0, 0, err
	}
	var ms []measurement
	for range b.repeats(c.lines) {
		m, err := b.measure(ctx, c, contenders[1])
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", c.name, err)
		}
		ms = append(ms, m)
	}
	cpu := median(ms, func(m measurement) float64 { return m.CPU })
	peak = median(ms, func(m measurement) float64 { return float64(m.Peak) }) / megabyte
	if start, ok := b.startCost[c.spec]; ok {
		cpu = max(cpu-start, 0)
	}
	micros = cpu * 1e6 / float64(c.lines)
	fmt.Fprintf(os.Stderr, "%-60s %8.3f µs %6.0f MB\n", c.name, micros, peak)
	return micros, peak, nil
}

// measureStartCost is what a pipeline costs that moves next to nothing.
func (b *bench) measureStartCost(ctx context.Context, c benchCase) error {
	delete(b.startCost, c.spec)
	c.lines = 10
	micros, _, err := b.cost(ctx, c)
	b.startCost[c.spec] = micros * float64(c.lines) / 1e6
	return err
}

// byLines grows the file of a source, and the backlog of a sink.
func (b *bench) byLines(ctx context.Context) ([]curve, error) {
	cost := curve{title: "CPU time a line, by the number of lines", x: "lines", unit: "µs"}
	memory := curve{title: "Peak memory, by the number of lines that wait", x: "lines", unit: "MB"}
	b.startCost = map[string]float64{}
	for _, c := range []benchCase{toTopic, toFile} {
		if err := b.measureStartCost(ctx, c); err != nil {
			return nil, err
		}
		for n := 10_000; n <= b.lines; n *= 10 {
			c.lines = n
			if err := b.point(ctx, c, n, &cost, &memory); err != nil {
				return nil, err
			}
		}
	}
	return []curve{cost, memory}, nil
}

// point measures a case, and adds what it cost at n to the curves.
func (b *bench) point(ctx context.Context, c benchCase, n int, cost, memory *curve) error {
	micros, peak, err := b.cost(ctx, c)
	if err == nil {
		cost.add(direction(c), float64(n), micros)
		memory.add(direction(c), float64(n), peak)
	}
	return err
}

func direction(c benchCase) string {
	if c.sink {
		return "topic → file"
	}
	return "file → topic"
}

// partitions are the numbers of partitions.
var partitions = []int{1, 4, 16, 64}

// byPartitions grows the topic.
func (b *bench) byPartitions(ctx context.Context) ([]curve, error) {
	cost := curve{title: "CPU time a line, by partitions", x: "partitions", unit: "µs"}
	memory := curve{title: "Peak memory, by partitions", x: "partitions", unit: "MB"}
	for _, c := range []benchCase{toTopic, toFile} {
		for _, n := range b.at(partitions) {
			c.lines, c.partitions = min(b.lines, 1_000_000), n
			if err := b.point(ctx, c, n, &cost, &memory); err != nil {
				return nil, err
			}
		}
	}
	return []curve{cost, memory}, nil
}

// widths are the numbers of fields.
var widths = []int{1, 3, 10, 30, 100, 300, 1000}

// byFields grows records: by fields that nothing reads, then by fields that are
// read of those that are there.
func (b *bench) byFields(ctx context.Context) ([]curve, error) {
	carried := curve{title: "CPU time a record, by fields carried; three are read", x: "fields", unit: "µs", log: true}
	for _, c := range []benchCase{
		{spec: "jsonsink", sink: true, partitions: 1, tasks: 1},
		toFile,
	} {
		c.input, c.same = "orders", "length"
		if err := b.measureStartCost(ctx, c); err != nil {
			return nil, err
		}
		for _, n := range b.at(widths) {
			c.input = "wide-" + strconv.Itoa(n)
			inputs[c.input] = input{1, wide(n)}
			c.lines = min(b.lines, max(2_000, 4_000_000/(n+4)))
			micros, _, err := b.cost(ctx, c)
			if err != nil {
				return nil, err
			}
			carried.add(map[string]string{"jsonsink": "topic → JSON, three transforms → file", "sink": "the same bytes as a String"}[c.spec], float64(n), micros)
		}
	}
	read := curve{title: "CPU time a record in the chain alone, by fields", x: "fields", unit: "µs", log: true}
	for _, n := range b.at(widths) {
		micros, err := readingJSON(n, 1000)
		if err != nil {
			return nil, err
		}
		read.add("JSON, of 1,000 fields so many read", float64(n), micros)
	}
	for _, n := range b.at(widths) {
		micros, err := carryingStruct(n)
		if err != nil {
			return nil, err
		}
		read.add("struct of so many fields, three read", float64(n), micros)
	}
	formats, err := byFormats(b.at(widths))
	return append([]curve{carried, read}, formats...), err
}

// wide is an order with n more fields that nothing reads.
func wide(n int) func(dst []byte, i int) []byte {
	return func(dst []byte, i int) []byte {
		dst = fmt.Appendf(dst, `{"cust":"customer %06d","card":"4000 1234 %08d","debug":"x"`, i%1_000_000, i)
		for f := range n {
			dst = fmt.Appendf(dst, `,"field%04d":"value %06d"`, f, (i+f)%1_000_000)
		}
		return append(dst, '}')
	}
}
