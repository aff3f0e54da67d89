package graph

import (
	"math"
	"strings"
)

// The measures of a picture, in pixels.
const (
	titleSize  = 13.0
	rowSize    = 11.5
	lineHeight = 17.0
	padding    = 11.0
	partGap    = 9.0   // the line between two parts is in its middle
	mostText   = 290.0 // no text is wider
	leastWidth = 96.0
	indent     = 14.0 // of a row that begins with four spaces
)

// box is a node with its size and its place.
type box struct {
	*Node
	x, y, w, h float64
	lines      []line
	rules      []float64 // where a line divides two parts, from the top

	column, place int // in the layout
}

// line is a text in a box: its place from the box's left top, on the base line.
type line struct {
	text  string
	x, y  float64
	size  float64
	class string
	tip   string
}

// boxOf measures a node.
func boxOf(n *Node) *box {
	b := &box{Node: n}
	y := padding
	if n.Kind == Schema {
		y = 4
	}
	if n.Title != "" {
		b.text(n.Title, &y, Row{Text: n.Title, Tip: n.Tip}, titleSize, "title")
	}
	for i, part := range n.Parts {
		if i > 0 {
			b.rules = append(b.rules, y+partGap/2)
			y += partGap
		}
		for _, r := range part {
			class := "row"
			if r.Faint {
				class = "faint"
			}
			b.text(r.Text, &y, r, rowSize, class)
		}
	}
	b.h = y + padding
	if n.Kind == Schema {
		b.h, b.rules = y+4, nil
	}
	b.h = 2 * math.Ceil(b.h/2) // its middle is a whole pixel
	b.w = max(leastWidth, math.Ceil(b.w+2*padding))
	return b
}

// text adds a line below those that are there.
func (b *box) text(s string, y *float64, r Row, size float64, class string) {
	x := padding
	if trimmed := strings.TrimPrefix(s, "    "); trimmed != s {
		s, x = trimmed, x+indent
	}
	short := fit(s, size, class == "title", mostText-x+padding)
	tip := r.Tip
	if short != s {
		tip = strings.TrimSpace(s + "\n" + r.Tip)
	}
	*y += lineHeight
	b.lines = append(b.lines, line{text: short, x: x, y: *y - 5, size: size, class: class, tip: tip})
	b.w = max(b.w, x-padding+width(short, size, class == "title"))
}
