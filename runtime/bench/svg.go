package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The chart's measures, in pixels.
const (
	chartWidth  = 920
	labelWidth  = 330 // of the titles
	barHeight   = 11
	caseGap     = 13
	chartTop    = 74
	chartBottom = 34
)

// series are the contenders that the chart shows.
var series = []struct{ name, title, class string }{
	{bare, "bare franz-go", "bare"},
	{kcgen, "kcgen", "ours"},
	{connect, "Kafka Connect, 2 GB heap, behind its warm-up", "theirs"},
}

// chart draws lines per CPU second, a group of bars for each case.
func (r *results) chart() string {
	most, bars := 1.0, 0
	for _, c := range r.Cases {
		for _, s := range series {
			if v := c.value(s.name); v > 0 {
				most = max(most, v)
				bars++
			}
		}
	}
	step := niceStep(most)
	top := math.Ceil(most/step) * step
	x := func(v float64) float64 { return labelWidth + v/top*(chartWidth-labelWidth-70) }
	height := chartTop + bars*barHeight + len(r.Cases)*caseGap + chartBottom

	var w strings.Builder
	fmt.Fprintf(&w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="ui-sans-serif,Helvetica,Arial,sans-serif" font-size="12" role="img" aria-label="Lines per CPU second of the bare client, kcgen and Kafka Connect">`+"\n", chartWidth, height)
	fmt.Fprintf(&w, "  <style>.t{fill:#1f2328} .b{font-weight:600;font-size:14px} .n{fill:#57606a;font-size:10.5px} .g{stroke:#d0d7de;stroke-width:1} .bare{fill:#afb8c1} .ours{fill:#0969da} .theirs{fill:#d4a72c}</style>\n")
	fmt.Fprintf(&w, "  <rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", chartWidth, height)
	fmt.Fprintf(&w, "  <text x=\"20\" y=\"26\" class=\"t b\">lines per CPU second of the client process; longer is better</text>\n")
	at := 20
	for _, s := range series {
		fmt.Fprintf(&w, "  <rect class=\"%s\" x=\"%d\" y=\"40\" width=\"12\" height=\"12\"/><text x=\"%d\" y=\"50\" class=\"t\">%s</text>\n", s.class, at, at+18, s.title)
		at += 40 + 7*len(s.title)
	}
	for v := 0.0; v <= top; v += step {
		fmt.Fprintf(&w, "  <path class=\"g\" d=\"M%.1f %dV%d\"/><text x=\"%.1f\" y=\"%d\" class=\"n\" text-anchor=\"middle\">%s</text>\n",
			x(v), chartTop-6, height-chartBottom, x(v), height-chartBottom+16, short(v))
	}
	y := chartTop
	for _, c := range r.Cases {
		first := y
		for _, s := range series {
			v := c.value(s.name)
			if v == 0 {
				continue
			}
			fmt.Fprintf(&w, "  <rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/><text x=\"%.1f\" y=\"%d\" class=\"n\">%s</text>\n",
				s.class, labelWidth, y, x(v)-labelWidth, barHeight-1, x(v)+5, y+9, short(v))
			y += barHeight
		}
		fmt.Fprintf(&w, "  <text x=\"%d\" y=\"%d\" class=\"t\" text-anchor=\"end\">%s</text>\n", labelWidth-10, (first+y)/2+4, html.EscapeString(c.Title))
		y += caseGap
	}
	w.WriteString("</svg>\n")
	return w.String()
}

// value is a contender's bar; Kafka Connect's is that of its second half.
func (c *caseResult) value(by string) float64 {
	s := c.By[by]
	switch {
	case s == nil:
		return 0
	case by == connect && s.Steady > 0:
		return s.Steady
	}
	return s.PerCPU
}

// niceStep divides an axis in four to eight parts.
func niceStep(most float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(most/4)))
	for _, m := range []float64{5, 2} {
		if most/(m*p) >= 4 {
			return m * p
		}
	}
	return p
}

// short writes 1234567 as 1.23 M.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.3g M", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.3g k", v/1e3)
	}
	return fmt.Sprintf("%.3g", v)
}
