package sql

import (
	"sync"
	"time"
)

// idleMost is how long a query stays open without a Poll: longer where records
// are handled slowly than where the connector is paused, or Kafka is away. An open
// query keeps the database from cleaning up.
var idleMost = 10 * time.Second // tests have less

// idling sees to it that something is done when there was no Poll for long. It
// is not done during one.
type idling struct {
	mu     sync.Mutex
	polled time.Time
	timer  *time.Timer
}

func (i *idling) begin() { i.mu.Lock() }

// end has do called when no Poll has begun for idleMost.
func (i *idling) end(do func()) {
	defer i.mu.Unlock()
	i.polled = time.Now()
	if i.timer == nil {
		i.timer = time.AfterFunc(idleMost, func() { i.due(do) })
		return
	}
	i.timer.Reset(idleMost)
}

func (i *idling) due(do func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.timer != nil && time.Since(i.polled) >= idleMost {
		do()
	}
}

// stop ends the waiting; what is being done is over when it returns.
func (i *idling) stop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.timer != nil {
		i.timer.Stop()
		i.timer = nil
	}
}

// closeIdle closes the queries that can be gone on with where they stand. Of those
// that cannot (mode bulk, and rows of one time that were handed out in part) some
// rows would come again.
func (t *sourceTask) closeIdle() {
	for _, r := range t.readers {
		if r.open == nil || r.cfg.Mode == bulk || r.pos != r.safe {
			continue
		}
		w := r.open.span
		r.close()
		r.goOn(w)
	}
}
