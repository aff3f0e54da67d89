package herder

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/servertest"
)

// TestBroker has a group come and go on a real broker: its instances join, leave,
// are killed, are cut off and come back, and the broker restarts.
func TestBroker(t *testing.T) {
	b := servertest.Kafka(t)
	l := &lab{t: t, seeds: []string{b.Addr()}, dial: (&net.Dialer{}).DialContext, group: "workers", beat: time.Second,
		census: newCensus(), board: newBoard()}
	defer l.close()

	one := l.join("a")
	l.eventually("one runs all", l.settled(one))
	two, three := l.join("b"), l.join("c")
	l.eventually("three share", l.settled(one, two, three))
	if err := two.stop(); err != nil {
		t.Error(err)
	}
	l.eventually("two share after one has gone", l.settled(one, three))
	four := l.join("d")
	l.eventually("three share again", l.settled(one, three, four))
	three.kill()
	l.eventually("two share after one was killed", l.settled(one, four))
	one.net.freeze()
	l.eventually("one runs all while the other is cut off", l.settled(four))
	one.net.thaw()
	l.eventually("the other is back", l.settled(one, four))

	starts := l.census.count()
	if err := b.Restart(); err != nil {
		t.Fatal(err)
	}
	l.eventually("two share after the broker's restart", l.settled(one, four))
	t.Logf("the broker's restart had %d tasks start anew", l.census.count()-starts)

	b.CreateTopic(t, "t", 1)
	joined, assigned := context.WithTimeout(t.Context(), servertest.Patience)
	defer assigned()
	consumer := b.Client(t, kgo.ConsumerGroup("consumers"), kgo.ConsumeTopics("t"),
		kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) { assigned() }))
	consumer.PollFetches(joined)
	l.group = "consumers"
	if err := l.end(l.join("e")); err == nil || !strings.Contains(err.Error(), "give worker.group.id a name of its own") {
		t.Errorf("%v", err)
	}
}
