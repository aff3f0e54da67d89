package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"kcgen.dev/runtime/bench/report"
)

// A curve is one picture: what something costs by how much there is of it.
type curve struct {
	title, x string // x is what there is
	unit     string
	log      bool // whether the costs' axis is logarithmic, as that of x always is
	lines    []line
}

type line struct {
	name   string
	points []point
}

type point struct{ x, y float64 }

// growth measures what costs what, draws it and writes it down.
func (b *bench) growth(ctx context.Context, o options) error {
	var curves []curve
	for _, measure := range []func(context.Context) ([]curve, error){b.byLines, b.byPartitions, b.byFields} {
		cs, err := measure(ctx)
		if err != nil {
			return fmt.Errorf("bench: growth: %w", err)
		}
		for _, c := range cs {
			fmt.Println(c.table())
		}
		curves = append(curves, cs...)
	}
	if o.svg != "" {
		if err := os.WriteFile(o.svg, []byte(plot(curves)), 0o644); err != nil {
			return fmt.Errorf("bench: draw the curves: %w", err)
		}
	}
	if o.readme == "" {
		return nil
	}
	m := thisMachine()
	text := fmt.Sprintf("Measured on %s; %s. Costs are CPU time of the whole client process, less that of its start.\n", m.Hardware, m.Versions)
	for _, c := range curves {
		text += "\n" + c.table()
	}
	return report.ReplaceSection(o.readme, "growth", text)
}

// table is a curve in Markdown.
func (c curve) table() string {
	var w strings.Builder
	fmt.Fprintf(&w, "**%s**\n\n| %s |", c.title, c.x)
	for _, p := range c.lines[0].points {
		fmt.Fprintf(&w, " %s |", report.Grouped(int(p.x)))
	}
	w.WriteString("\n|---|" + strings.Repeat("--:|", len(c.lines[0].points)) + "\n")
	for _, l := range c.lines {
		fmt.Fprintf(&w, "| %s, %s |", l.name, c.unit)
		for _, p := range l.points {
			fmt.Fprintf(&w, " %.3g |", p.y)
		}
		w.WriteByte('\n')
	}
	return w.String()
}

// add puts a point behind those of the named line.
func (c *curve) add(name string, x, y float64) {
	for i := range c.lines {
		if c.lines[i].name == name {
			c.lines[i].points = append(c.lines[i].points, point{x, y})
			return
		}
	}
	c.lines = append(c.lines, line{name, []point{{x, y}}})
}
