package graph

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

const style = `
svg{color-scheme:light dark}
.bg{fill:#fff}.title{fill:#1f2328;font-weight:600}.row{fill:#1f2328}.faint{fill:#59636e}
.box{stroke-width:1.4}.rule{stroke:#d1d9e0;stroke-width:1}
.system{fill:#f6f8fa;stroke:#8c959f}.source,.sink{fill:#fff;stroke:#57606a}
.topic{fill:#ddf4ff;stroke:#0969da}.pattern{fill:#ddf4ff;stroke:#0969da;stroke-dasharray:5 4}
.queue{fill:#ffebe9;stroke:#cf222e}.schema{fill:#f6f8fa;stroke:none}
.wire{fill:none;stroke:#57606a;stroke-width:1.6}.refused{stroke:#cf222e;stroke-dasharray:6 4}.maybe{stroke:#57606a;stroke-dasharray:2 4}
.head{fill:#57606a}.refusedhead{fill:#cf222e}.wire:hover{stroke-width:3.5}g:hover>.box{stroke-width:2.4}
@media (prefers-color-scheme:dark){
.bg{fill:#0d1117}.title{fill:#f0f6fc}.row{fill:#f0f6fc}.faint{fill:#9198a1}.rule{stroke:#3d444d}
.system{fill:#151b23;stroke:#656c76}.source,.sink{fill:#0d1117;stroke:#9198a1}
.topic,.pattern{fill:#10233f;stroke:#4493f8}.queue{fill:#33171a;stroke:#f85149}.schema{fill:#151b23}
.wire,.maybe{stroke:#9198a1}.refused{stroke:#f85149}.head{fill:#9198a1}.refusedhead{fill:#f85149}
}
`

// SVG draws the graph, in colours for light and for dark.
func (g *Graph) SVG() []byte {
	p := lay(g)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %[1]s %[2]s" font-family="Helvetica,Arial,'Liberation Sans',sans-serif" role="img" aria-labelledby="title desc">`+"\n", number(p.w), number(p.h))
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n<style>%s</style>\n", escape(g.Title), escape(g.Desc), style)
	b.WriteString(`<defs>` + arrow("head") + arrow("refusedhead") + "</defs>\n")
	b.WriteString(`<rect class="bg" width="100%" height="100%"/>` + "\n")
	for _, w := range p.wires {
		w.svg(&b)
	}
	for _, x := range p.boxes {
		x.svg(&b)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func arrow(class string) string {
	return `<marker id="` + class + `" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="` + class + `" d="M0 0 8 4 0 8z"/></marker>`
}

// svg draws a wire: level where it passes a column, and bent between columns.
func (w drawn) svg(b *bytes.Buffer) {
	var d strings.Builder
	for i, p := range w.points {
		switch {
		case i == 0:
			fmt.Fprintf(&d, "M%s %s", number(p.x), number(p.y))
		case i%2 == 0:
			fmt.Fprintf(&d, "H%s", number(p.x))
		default:
			from := w.points[i-1]
			if from.y == p.y {
				fmt.Fprintf(&d, "H%s", number(p.x))
				continue
			}
			mid := (from.x + p.x) / 2
			fmt.Fprintf(&d, "C%s %s %s %s %s %s", number(mid), number(from.y), number(mid), number(p.y), number(p.x), number(p.y))
		}
	}
	class, head := [...]string{"", " refused", " maybe"}[w.Way], "head"
	if w.Way == Refused {
		head = "refusedhead"
	}
	end := "end"
	if w.back {
		end = "start"
	}
	tip := label(w.From) + " " + w.Way.verb() + " " + label(w.To)
	fmt.Fprintf(b, `<path class="wire%s" marker-%s="url(#%s)" d="%s"><title>%s</title></path>`+"\n", class, end, head, d.String(), escape(tip))
}

// svg draws a box and what stands in it.
func (x *box) svg(b *bytes.Buffer) {
	class := [...]string{"", "system", "source", "sink", "topic", "pattern", "queue", "schema"}[x.Kind]
	radius := 7.0
	if x.isTopic() {
		radius = min(x.h/2, 16)
	}
	fmt.Fprintf(b, `<g transform="translate(%s %s)">`, number(x.x), number(x.y))
	if x.Tip != "" {
		fmt.Fprintf(b, "<title>%s</title>", escape(x.Tip))
	}
	fmt.Fprintf(b, `<rect class="box %s" width="%s" height="%s" rx="%s"/>`, class, number(x.w), number(x.h), number(radius))
	for _, y := range x.rules {
		fmt.Fprintf(b, `<path class="rule" d="M0 %sH%s"/>`, number(y), number(x.w))
	}
	for _, l := range x.lines {
		at, anchor := l.x, ""
		if x.isTopic() {
			at, anchor = x.w/2, ` text-anchor="middle"`
		}
		fmt.Fprintf(b, "\n"+`<text class="%s" x="%s" y="%s" font-size="%s"%s>`, l.class, number(at), number(l.y), number(l.size), anchor)
		if l.tip != "" {
			fmt.Fprintf(b, "<title>%s</title>", escape(l.tip))
		}
		fmt.Fprintf(b, "%s</text>", escape(l.text))
	}
	b.WriteString("</g>\n")
}

func (x *box) isTopic() bool { return x.Kind == Topic || x.Kind == Pattern || x.Kind == Queue }

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func escape(s string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(s))
	return b.String()
}
