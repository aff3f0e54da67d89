package convert

// guesses says whether to try a short way of which it is seen only at its end
// whether it goes all the way.
type guesses struct {
	luck  int // guesses that went well lately
	pause int // messages for which no guess is made
}

// The limits of guessing.
const (
	maxLuck    = 16
	badLuck    = 4  // what a wrong guess costs
	quickPause = 64 // messages after too many wrong guesses
)

// may reports whether to guess for the next message.
func (g *guesses) may() bool {
	if g.pause > 0 {
		g.pause--
		return false
	}
	return true
}

// went is told how a guess went.
func (g *guesses) went(well bool) {
	if well {
		g.luck = min(g.luck+1, maxLuck)
	} else if g.luck -= badLuck; g.luck < 0 {
		g.luck, g.pause = 0, quickPause
	}
}
