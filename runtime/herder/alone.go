package herder

import (
	"context"
	"time"

	"kcgen.dev/runtime/kafka"
)

// Alone is a group of one instance, without Kafka: everything is its own, at
// once, and no lease ends.
type Alone struct {
	claims chan []byte
}

// NewAlone makes one.
func NewAlone() *Alone { return &Alone{claims: make(chan []byte, 1)} }

// Join asks for all that claim knows.
func (a *Alone) Join(claim []byte, _ int) {
	select {
	case <-a.claims: // the newest counts
	default:
	}
	a.claims <- claim
}

// Run answers joins until ctx ends.
func (a *Alone) Run(ctx context.Context, on kafka.MemberEvents) error {
	const self = "alone"
	for {
		select {
		case claim := <-a.claims:
			shares := on.Share(self, 1, []kafka.Peer{{ID: self, Claim: claim}})
			on.Assigned(kafka.Round{Assignment: shares[self], Leads: true})
		case <-ctx.Done():
			return nil
		}
	}
}

// Lease has no meaning: see [Herder.Leased].
func (*Alone) Lease() time.Time { return time.Time{} }

// Leave does nothing.
func (*Alone) Leave(context.Context) error { return nil }
