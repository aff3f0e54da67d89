package graph

import (
	"cmp"
	"slices"
)

// sweeps is how often the order of the columns is tried to be bettered.
const sweeps = 16

// order puts the boxes of each column into an order in which few wires cross:
// each box to the middle of those that it is wired to, column by column, from
// the left and from the right, and then neighbours. The best order that was met
// stays.
func (i *island) order() {
	left, right := i.neighbours()
	best, fewest := i.places(), i.crossings(right)
	for n := range sweeps {
		i.sweep(n, left, right, sortBy)
		i.swap(left, right)
		if x := i.crossings(right); x < fewest {
			best, fewest = i.places(), x
		}
	}
	for _, column := range i.columns {
		for _, b := range column {
			b.place = best[b]
		}
		slices.SortFunc(column, func(a, b *box) int { return cmp.Compare(a.place, b.place) })
	}
}

// swap exchanges neighbours in a column where fewer wires cross then.
func (i *island) swap(left, right map[*box][]*box) {
	for range sweeps {
		better := false
		for _, column := range i.columns {
			for n := 1; n < len(column); n++ {
				a, b := column[n-1], column[n]
				if above(left[b], left[a])+above(right[b], right[a]) < above(left[a], left[b])+above(right[a], right[b]) {
					column[n-1], column[n] = b, a
					a.place, b.place = n, n-1
					better = true
				}
			}
		}
		if !better {
			return
		}
	}
}

// above counts the wires of two neighbours that cross, a above b: a's end below
// b's.
func above(a, b []*box) (n int) {
	for _, x := range a {
		for _, y := range b {
			if x.place > y.place {
				n++
			}
		}
	}
	return n
}

// sweep goes over the columns from the left, and the next time from the right,
// with what each box is wired to on the side that it came from.
func (i *island) sweep(n int, left, right map[*box][]*box, do func(column []*box, wired map[*box][]*box)) {
	if n%2 == 0 {
		for c := 1; c < len(i.columns); c++ {
			do(i.columns[c], left)
		}
		return
	}
	for c := len(i.columns) - 2; c >= 0; c-- {
		do(i.columns[c], right)
	}
}

// neighbours are what each box is wired to, in the columns beside its own.
func (i *island) neighbours() (left, right map[*box][]*box) {
	left, right = map[*box][]*box{}, map[*box][]*box{}
	for _, w := range i.wires {
		for n := 1; n < len(w.via); n++ {
			a, b := w.via[n-1], w.via[n]
			right[a] = append(right[a], b)
			left[b] = append(left[b], a)
		}
	}
	return left, right
}

func (i *island) places() map[*box]int {
	out := map[*box]int{}
	for _, column := range i.columns {
		for _, b := range column {
			out[b] = b.place
		}
	}
	return out
}

// sortBy sorts a column by the middle of what its boxes are wired to. One that
// is wired to nothing there keeps its place.
func sortBy(column []*box, wired map[*box][]*box) {
	middle := map[*box]float64{}
	for _, b := range column {
		middle[b] = float64(b.place)
		if to := wired[b]; len(to) > 0 {
			sum := 0
			for _, t := range to {
				sum += t.place
			}
			middle[b] = float64(sum) / float64(len(to))
		}
	}
	slices.SortStableFunc(column, func(a, b *box) int { return cmp.Compare(middle[a], middle[b]) })
	for n, b := range column {
		b.place = n
	}
}

// crossings counts the wires that cross between columns.
func (i *island) crossings(right map[*box][]*box) (n int) {
	for _, column := range i.columns {
		var ends [][2]int
		for _, a := range column {
			for _, b := range right[a] {
				ends = append(ends, [2]int{a.place, b.place})
			}
		}
		for x, a := range ends {
			for _, b := range ends[:x] {
				if (a[0]-b[0])*(a[1]-b[1]) < 0 {
					n++
				}
			}
		}
	}
	return n
}
