package graph

import (
	"cmp"
	"math"
	"slices"
)

// The room between things, in pixels.
const (
	columnGap = 58.0
	boxGap    = 20.0
	bendRoom  = 10.0 // the height that a wire takes in a column that it passes
	islandGap = 34.0
	margin    = 20.0
	portGap   = 14.0 // between two wires at a box
)

// picture is a graph with places.
type picture struct {
	*Graph
	w, h  float64
	boxes []*box
	wires []drawn
}

// drawn is a wire with its points: pairs of those on the left and the right edge
// of what it passes.
type drawn struct {
	*Edge
	back   bool
	points []point
}

type point struct{ x, y float64 }

// lay places all of a graph, its islands below one another.
func lay(g *Graph) *picture {
	p := &picture{Graph: g}
	top := margin
	for _, i := range islands(g) {
		i.layer()
		i.order()
		i.size()
		i.settle()
		i.columnsWide()
		h := i.moveTo(top)
		for _, b := range i.boxes {
			p.boxes = append(p.boxes, b)
			p.w = max(p.w, b.x+b.w+margin)
		}
		p.wires = append(p.wires, i.draw()...)
		top += h + islandGap
	}
	p.h = math.Ceil(max(top-islandGap+margin, 2*margin))
	p.w = max(p.w, 2*margin)
	return p
}

// size gives all boxes of a column one width, and bends their height.
func (i *island) size() {
	for _, column := range i.columns {
		w := 0.0
		for _, b := range column {
			w = max(w, b.w)
		}
		for _, b := range column {
			b.w = w
			if b.Node == nil {
				b.h = bendRoom
			}
		}
	}
}

// columnsWide gives each column its place from the left: the farther up or down
// its wires go, the more room there is behind it.
func (i *island) columnsWide() {
	_, right := i.neighbours()
	x := margin
	for _, column := range i.columns {
		steepest := 0.0
		for _, b := range column {
			b.x = x
			for _, to := range right[b] {
				steepest = max(steepest, math.Abs(b.y+b.h/2-to.y-to.h/2))
			}
		}
		if len(column) > 0 {
			x += column[0].w
		}
		x += min(max(columnGap, steepest/6), 2.5*columnGap)
	}
	for _, column := range i.columns {
		for _, b := range column {
			b.x = math.Round(b.x)
		}
	}
}

// settle gives each box its height: the middle of those it is wired to, as near
// as the others of its column let it.
func (i *island) settle() {
	for _, column := range i.columns {
		y := 0.0
		for _, b := range column {
			b.y = y
			y += b.h + boxGap
		}
	}
	left, right := i.neighbours()
	for n := range 2 * sweeps {
		i.sweep(n, left, right, spread)
	}
}

// block is a run of boxes that touch: its first box wants to be at the mean of
// what they all want.
type block struct {
	sum   float64
	n     float64
	first int
}

func (b block) at() float64 { return b.sum / b.n }

// spread moves the boxes of a column to the middle of what they are wired to,
// in their order and without touching, so that the squares of what they miss it
// by are least: neighbours that would overlap become one block.
func spread(column []*box, wired map[*box][]*box) {
	offset := make([]float64, len(column)) // from the first box, where all touch
	var blocks []block
	for n, b := range column {
		if n > 0 {
			offset[n] = offset[n-1] + column[n-1].h + boxGap
		}
		blocks = append(blocks, block{wish(b, wired[b]) - offset[n], 1, n})
		for last := len(blocks) - 1; last > 0 && blocks[last-1].at() >= blocks[last].at(); last-- {
			blocks[last-1].sum += blocks[last].sum
			blocks[last-1].n += blocks[last].n
			blocks = blocks[:last]
		}
	}
	for k, bl := range blocks {
		end := len(column)
		if k+1 < len(blocks) {
			end = blocks[k+1].first
		}
		for n := bl.first; n < end; n++ {
			column[n].y = bl.at() + offset[n]
		}
	}
}

// wish is where a box would have its top.
func wish(b *box, wired []*box) float64 {
	if len(wired) == 0 {
		return b.y
	}
	sum := 0.0
	for _, o := range wired {
		sum += o.y + o.h/2
	}
	return sum/float64(len(wired)) - b.h/2
}

// moveTo moves an island below a line, to whole pixels, and says how high it is.
func (i *island) moveTo(top float64) float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for _, column := range i.columns {
		for _, b := range column {
			low, high = min(low, b.y), max(high, b.y+b.h)
		}
	}
	for _, column := range i.columns {
		for _, b := range column {
			b.y = math.Round(b.y - low + top)
		}
	}
	return high - low
}

// draw gives the wires their points.
func (i *island) draw() []drawn {
	out := make([]drawn, len(i.wires))
	for n, w := range i.wires {
		out[n] = drawn{Edge: w.Edge, back: w.back, points: make([]point, 0, 2*len(w.via))}
		for k, b := range w.via {
			if k > 0 {
				out[n].points = append(out[n].points, point{b.x, level(out[n].points[2*k-2].y, i.port(b, w, false))})
			}
			if k < len(w.via)-1 {
				out[n].points = append(out[n].points, point{b.x + b.w, i.port(b, w, true)})
			}
		}
	}
	return out
}

// level is a height, or one next to it that it is as good as.
func level(next, y float64) float64 {
	if math.Abs(next-y) <= 3 {
		return next
	}
	return y
}

// port is at which height a wire leaves a box (out), or reaches it: the wires of
// a side are in the order of their other ends.
func (i *island) port(b *box, w *strand, out bool) float64 {
	middle := b.y + b.h/2
	if b.Node == nil {
		return middle
	}
	var side []*strand
	for _, o := range i.wires {
		if out && o.from == b || !out && o.to == b {
			side = append(side, o)
		}
	}
	far := func(w *strand) float64 {
		o := w.via[1]
		if !out {
			o = w.via[len(w.via)-2]
		}
		return o.y + o.h/2
	}
	slices.SortStableFunc(side, func(a, b *strand) int { return cmp.Compare(far(a), far(b)) })
	gap := portGap
	if n := len(side); n > 1 {
		gap = min(portGap, (b.h-2*padding)/float64(n-1))
	}
	at := float64(slices.Index(side, w)) - float64(len(side)-1)/2
	return middle + at*gap
}
