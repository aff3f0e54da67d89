package worker

import "sync"

// turn is a lock whose owner may be a connector that never comes back: who
// waits for it can give up.
type turn struct {
	once sync.Once
	c    chan struct{}
}

func (t *turn) ch() chan struct{} {
	t.once.Do(func() { t.c = make(chan struct{}, 1) })
	return t.c
}

// Lock waits for the turn.
func (t *turn) Lock() { t.ch() <- struct{}{} }

// Unlock gives it back.
func (t *turn) Unlock() { <-t.ch() }

// lockUnless waits for the turn until done is closed. It is false where that
// came first.
func (t *turn) lockUnless(done <-chan struct{}) bool {
	select {
	case t.ch() <- struct{}{}:
		return true
	case <-done:
		return false
	}
}
