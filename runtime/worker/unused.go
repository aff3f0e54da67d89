package worker

import "log/slog"

// unused notices a function of a chain (package fuse) that no record takes, since
// all are of another form than it is for, as where a spec declares a schema that
// the records do not have. Nothing is wrong then but the speed.
type unused struct {
	passed int
	known  bool // whether it is of use, or that was said
}

// unusedAfter is of how many records none must have taken a function.
const unusedAfter = 10_000

// saw counts a record that the function was asked for. It is small, so that Go
// inlines it: once it is known, it is a branch.
func (u *unused) saw(taken bool, log *slog.Logger) {
	if !u.known {
		u.count(taken, log)
	}
}

func (u *unused) count(taken bool, log *slog.Logger) {
	if u.passed++; taken || u.passed == unusedAfter {
		u.known = true
		if !taken {
			log.Info("no record takes the function that was made of the chain: all have another form than it is for; "+
				"they go through the chain itself, which costs more (kcgen build -report says which form it is)", "records", unusedAfter)
		}
	}
}
