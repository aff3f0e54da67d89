package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// A plot's measures, in pixels.
const (
	plotWidth, plotHeight = 450, 250
	plotLeft, plotRight   = 56, 18
	plotHead, plotFoot    = 58, 30
	plotsInRow            = 2
)

var plotColours = []string{"#0969da", "#d4a72c", "#1a7f37"}

// plot draws curves, two in a row.
func plot(curves []curve) string {
	rows := (len(curves) + plotsInRow - 1) / plotsInRow
	var w strings.Builder
	fmt.Fprintf(&w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="ui-sans-serif,Helvetica,Arial,sans-serif" font-size="11" role="img" aria-label="What costs what">`+"\n",
		plotsInRow*plotWidth+20, rows*plotHeight+10)
	fmt.Fprintf(&w, "  <style>.t{fill:#1f2328;font-weight:600} .n{fill:#57606a;font-size:10px} .g{stroke:#d0d7de;fill:none}</style>\n")
	fmt.Fprintf(&w, "  <rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", plotsInRow*plotWidth+20, rows*plotHeight+10)
	for i, c := range curves {
		fmt.Fprintf(&w, "  <g transform=\"translate(%d %d)\">\n", i%plotsInRow*plotWidth+10, i/plotsInRow*plotHeight+5)
		c.draw(&w)
		w.WriteString("  </g>\n")
	}
	w.WriteString("</svg>\n")
	return w.String()
}

// draw draws one curve into a field of its own.
func (c curve) draw(w *strings.Builder) {
	x, y := c.scales()
	fmt.Fprintf(w, "    <text x=\"4\" y=\"16\" class=\"t\">%s</text>\n", html.EscapeString(c.title))
	for _, v := range c.ticks() {
		fmt.Fprintf(w, "    <path class=\"g\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" class=\"n\" text-anchor=\"end\">%s</text>\n",
			plotLeft, y(v), plotWidth-plotRight, plotLeft-5, y(v)+3, short(v))
	}
	for _, p := range c.lines[0].points {
		fmt.Fprintf(w, "    <text x=\"%.1f\" y=\"%d\" class=\"n\" text-anchor=\"middle\">%s</text>\n", x(p.x), plotHeight-plotFoot+14, short(p.x))
	}
	fmt.Fprintf(w, "    <text x=\"4\" y=\"%d\" class=\"n\">%s</text>\n", plotHeight-plotFoot+14, c.unit)
	at := 4
	for i, l := range c.lines {
		colour := plotColours[i%len(plotColours)]
		var d strings.Builder
		for k, p := range l.points {
			fmt.Fprintf(&d, "%c%.1f %.1f", "ML"[min(k, 1)], x(p.x), y(p.y))
			fmt.Fprintf(w, "    <circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" fill=\"%s\"/>\n", x(p.x), y(p.y), colour)
		}
		fmt.Fprintf(w, "    <path d=\"%s\" stroke=\"%s\" stroke-width=\"1.8\" fill=\"none\"/>\n", &d, colour)
		fmt.Fprintf(w, "    <rect x=\"%d\" y=\"26\" width=\"10\" height=\"10\" fill=\"%s\"/><text x=\"%d\" y=\"35\" class=\"n\">%s</text>\n", at, colour, at+14, html.EscapeString(l.name))
		at += 30 + 5*len([]rune(l.name))
	}
}

// scales turn amounts and costs into places.
func (c curve) scales() (x, y func(float64) float64) {
	ps := c.lines[0].points
	from, to := math.Log10(ps[0].x), math.Log10(ps[len(ps)-1].x)
	if from == to {
		to++
	}
	x = func(v float64) float64 {
		return plotLeft + 8 + (math.Log10(v)-from)/(to-from)*(plotWidth-plotLeft-plotRight-16)
	}
	ticks := c.ticks()
	low, high := c.place(ticks[0]), c.place(ticks[len(ticks)-1])
	y = func(v float64) float64 {
		return plotHeight - plotFoot - (c.place(v)-low)/(high-low)*(plotHeight-plotFoot-plotHead)
	}
	return x, y
}

// place is where a cost stands on its axis, in the axis' own measure.
func (c curve) place(v float64) float64 {
	if c.log {
		return math.Log10(max(v, 1e-3))
	}
	return v
}

// ticks are the marks of the costs' axis; the first and the last are its ends.
func (c curve) ticks() (ts []float64) {
	least, most := math.Inf(1), 0.0
	for _, l := range c.lines {
		for _, p := range l.points {
			least, most = min(least, p.y), max(most, p.y)
		}
	}
	if c.log {
		for e := math.Floor(c.place(least)); e < c.place(most); e++ {
			ts = append(ts, math.Pow(10, e))
		}
		return append(ts, ts[len(ts)-1]*10)
	}
	step := niceStep(max(most, 1e-3))
	for v := 0.0; v < most+step; v += step {
		ts = append(ts, v)
	}
	return ts
}
