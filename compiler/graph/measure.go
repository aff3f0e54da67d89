package graph

import "unicode"

// The widths of the characters from space to tilde in the widest face that a
// browser takes for sans-serif, DejaVu Sans, in thousandths of the size of the
// type. Helvetica and its like are narrower and leave a little room.
var advances = [...]int{
	318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
	636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
	1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
	603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
	500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
	635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
}

// bolder is how much wider bold type is.
const bolder = 1.14

// width is how wide a text is in type of a size.
func width(s string, size float64, bold bool) float64 {
	sum := 0
	for _, r := range s {
		sum += advance(r)
	}
	w := float64(sum) * size / 1000
	if bold {
		w *= bolder
	}
	return w
}

// advance is the width of a character.
func advance(r rune) int {
	switch {
	case r >= ' ' && r <= '~':
		return advances[r-' ']
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r < 0x2e80:
		return 1000 // letters of alphabets, arrows
	}
	return 1100 // of Asia, and pictures
}

// fit is a text that is no wider than a width; the middle of a longer one goes.
func fit(s string, size float64, bold bool, most float64) string {
	if width(s, size, bold) <= most {
		return s
	}
	r := []rune(s)
	for keep := min(len(r)-1, 400); keep > 1; keep-- {
		head := (keep + 1) / 2
		short := string(r[:head]) + "…" + string(r[len(r)-keep+head:])
		if width(short, size, bold) <= most {
			return short
		}
	}
	return "…"
}
