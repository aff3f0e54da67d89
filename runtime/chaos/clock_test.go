package chaos_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"kcgen.dev/runtime/servertest"
)

// jumps are what the broker's clock shows, one after the other: the machine's
// time and so much. Most is within what a broker takes for a record's age
// (message.timestamp.after.max.ms); the fourth is not, and while it lasts no
// record of ours may get in.
var jumps = []struct {
	to      time.Duration
	refused bool // records come from a future that is too far away
}{
	{time.Hour, false},
	{-59 * time.Minute, false},
	{25 * time.Hour, false},
	{-2 * time.Hour, true},
	{0, false},
}

// A broker's clock that jumps an hour ahead, back, and by more than a day loses
// and doubles nothing, and all tasks run on: transactions are aborted as if they
// had been open for too long, and what the broker knows of producers is
// forgotten (producer.id.expiration.ms, a day).
func TestClockJumps(t *testing.T) {
	f := newField(t, seed(t), servertest.KafkaClock(),
		// So that whatever is too old by the new time is found at once.
		servertest.KafkaProperty("transaction.abort.timed.out.transaction.cleanup.interval.ms", "20"),
		servertest.KafkaProperty("producer.id.expiration.check.interval.ms", "200"))
	f.startAll()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	passed := f.follow(ctx)
	for _, j := range jumps {
		f.note("the broker's clock shows %v", j.to)
		f.setClock(j.to)
		if j.refused {
			time.Sleep(3 * time.Second) // a while of it: nobody is asked for anything
			continue
		}
		since := f.now()
		f.settle(fmt.Sprintf("all sequences to go on with the clock at %v", j.to), func() string {
			if n := passed.reached(since + rate); n < 2*sequences {
				return fmt.Sprintf("%d of %d sequences have reached line %d", n, 2*sequences, since+rate)
			}
			return ""
		})
	}
	f.judge(f.finish())
}

// setClock makes the broker's clock jump while no instance says anything. What
// ends a transaction is stamped before a partition takes it: of one on its way
// over a jump back by more than an hour the stamp is refused, and Kafka's
// coordinator (TransactionMarkerRequestCompletionHandler, 4.3) falls over that
// and never ends the transaction, whatever its producer does.
func (f *field) setClock(to time.Duration) {
	for _, i := range f.instances {
		p := i.running()
		if p == nil {
			continue
		}
		if err := p.Pause(); err != nil {
			f.t.Fatal(err)
		}
		defer func() {
			if err := p.Resume(); err != nil {
				f.t.Error(err)
			}
		}()
	}
	time.Sleep(300 * time.Millisecond) // the broker ends what it has begun
	if err := f.broker.SetClock(to); err != nil {
		f.t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // it has seen the new time
}
