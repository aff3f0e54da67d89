package graph

import "slices"

// island is a set of boxes that hang together, and is laid out by itself.
type island struct {
	boxes   []*box // those of nodes
	wires   []*strand
	columns [][]*box // with the bends of wires
}

// strand is an edge on its way from column to column.
type strand struct {
	*Edge
	from, to *box
	back     bool   // it goes from right to left: from and to are exchanged
	via      []*box // from, its bends, to
}

// islands divides a graph, in the order of its nodes.
func islands(g *Graph) []*island {
	boxes := map[*Node]*box{}
	root := map[*box]*box{}
	find := func(b *box) *box {
		for root[b] != b {
			b = root[b]
		}
		return b
	}
	for _, n := range g.Nodes {
		b := boxOf(n)
		boxes[n], root[b] = b, b
	}
	for _, e := range g.Edges {
		root[find(boxes[e.To])] = find(boxes[e.From])
	}
	var out []*island
	of := map[*box]*island{}
	for _, n := range g.Nodes {
		r := find(boxes[n])
		if of[r] == nil {
			of[r] = &island{}
			out = append(out, of[r])
		}
		of[r].boxes = append(of[r].boxes, boxes[n])
	}
	for _, e := range g.Edges {
		i := of[find(boxes[e.From])]
		i.wires = append(i.wires, &strand{Edge: e, from: boxes[e.From], to: boxes[e.To]})
	}
	return out
}

// layer gives each box a column: the one behind the last of those that feed it,
// so that sources, topics and sinks stand below one another.
func (i *island) layer() {
	i.breakCycles()
	i.push()
	late := i.behind(Sink)
	fed := i.behind(Topic, Pattern, Queue)
	i.align(func(b *box) bool { return b.isTopic() && !late[b] && !fed[b] })
	i.push()
	i.align(func(b *box) bool { return b.Kind == Sink && !late[b] })
	i.push()
	i.pullRight()
	i.packLeft()
	i.bend()
}

// push moves boxes to the right until each is behind all that feed it.
func (i *island) push() {
	for range i.boxes { // as often as a way can be long
		moved := false
		for _, w := range i.wires {
			if w.to.column <= w.from.column {
				w.to.column = w.from.column + 1
				moved = true
			}
		}
		if !moved {
			break
		}
	}
}

// align puts boxes below one another, in the column of the last of them.
func (i *island) align(these func(*box) bool) {
	last := 0
	for _, b := range i.boxes {
		if these(b) {
			last = max(last, b.column)
		}
	}
	for _, b := range i.boxes {
		if these(b) {
			b.column = last
		}
	}
}

// behind are the boxes that those of some kinds feed, directly or not.
func (i *island) behind(kinds ...Kind) map[*box]bool {
	behind := map[*box]bool{}
	for range i.boxes {
		found := len(behind)
		for _, w := range i.wires {
			if behind[w.from] || slices.Contains(kinds, w.from.Kind) {
				behind[w.to] = true
			}
		}
		if len(behind) == found {
			break
		}
	}
	return behind
}

// packLeft lets no column before the first box be empty.
func (i *island) packLeft() {
	least := i.boxes[0].column
	for _, b := range i.boxes {
		least = min(least, b.column)
	}
	for _, b := range i.boxes {
		b.column -= least
	}
}

// bend puts boxes into their columns, and where wires pass columns, bends.
func (i *island) bend() {
	for _, w := range i.wires {
		w.via = append(w.via, w.from)
		for c := w.from.column + 1; c < w.to.column; c++ {
			bend := &box{column: c}
			i.place(bend)
			w.via = append(w.via, bend)
		}
		w.via = append(w.via, w.to)
	}
	for _, b := range i.boxes {
		i.place(b)
	}
}

// breakCycles turns around wires until none leads back to where it began.
func (i *island) breakCycles() {
	const open, done = 1, 2
	state := map[*box]int{}
	var visit func(*box)
	visit = func(b *box) {
		state[b] = open
		for _, w := range i.wires {
			if w.from != b || w.back {
				continue
			}
			switch state[w.to] {
			case open:
				w.from, w.to, w.back = w.to, w.from, true
			case done:
			default:
				visit(w.to)
			}
		}
		state[b] = done
	}
	for _, b := range i.boxes {
		if state[b] == 0 {
			visit(b)
		}
	}
}

// pullRight brings boxes that nothing feeds next to what they feed. Topics stay
// among topics, and sources among sources.
func (i *island) pullRight() {
	for _, b := range i.boxes {
		if b.isTopic() || b.Kind == Source {
			continue
		}
		next := -1
		for _, w := range i.wires {
			if w.to == b {
				next = -1
				break
			}
			if w.from == b && (next < 0 || w.to.column < next) {
				next = w.to.column
			}
		}
		if next > 0 {
			b.column = next - 1
		}
	}
}

func (i *island) place(b *box) {
	for len(i.columns) <= b.column {
		i.columns = append(i.columns, nil)
	}
	b.place = len(i.columns[b.column])
	i.columns[b.column] = append(i.columns[b.column], b)
}
