package jsontext

// Guesses says whether to try a short way of which it is seen only at its end
// whether it goes all the way.
type Guesses struct {
	Luck  int // guesses that went well lately
	pause int // messages for which no guess is made
}

// The limits of guessing.
const (
	maxLuck    = 16
	badLuck    = 4  // what a wrong guess costs
	quickPause = 64 // messages after too many wrong guesses
)

// May reports whether to guess for the next message.
func (g *Guesses) May() bool {
	if g.pause > 0 {
		g.pause--
		return false
	}
	return true
}

// Went is told how a guess went.
func (g *Guesses) Went(well bool) {
	if well {
		g.Luck = min(g.Luck+1, maxLuck)
	} else if g.Luck -= badLuck; g.Luck < 0 {
		g.Luck, g.pause = 0, quickPause
	}
}
