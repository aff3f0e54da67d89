package kafka

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// door is a way to brokers that can be shut: then who comes in is thrown out
// again, as by a load balancer that has no broker to hand over to.
type door struct {
	shut  atomic.Bool
	tried atomic.Int32 // while it was shut

	mu   sync.Mutex
	open []net.Conn
}

func (d *door) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if d.shut.Load() {
		d.tried.Add(1)
		here, there := net.Pipe()
		go func() {
			_, _ = there.Read(make([]byte, 1<<10)) // it hears what is asked, and hangs up
			there.Close()
		}()
		return here, nil
	}
	c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err == nil {
		d.mu.Lock()
		d.open = append(d.open, c)
		d.mu.Unlock()
	}
	return c, err
}

func (d *door) close() {
	d.shut.Store(true)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.open {
		c.Close()
	}
	d.open = nil
}

// A broker that hangs up on everybody for a while is away, and no more than
// that: what was to be written is written when it is back.
func TestHungUp(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(8, "t"))
	appendAll(t, openShared(t, c, newSeen()), entry("k", "before")) // the log is there
	var d door
	k, err := Connect(Cluster{Brokers: c.ListenAddrs()}, Options{Dial: d.dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	w, err := k.Writer(Producer{}, "x")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close(within(t))
	log, err := k.OpenLog(within(t), t.Context(), sharedSpec, func(Entry) {}, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	write := func(partition int32) {
		all.Add(2)
		b := w.NewBatch(0)
		b.Ended, b.Done = func(_ int, err error) {
			if err != nil {
				t.Errorf("the record was not written: %v", err)
			}
			all.Done()
		}, func() {}
		b.Append("t", partition, -1, []byte("k"), []byte("v"), nil)
		w.Produce(within(t), b)
		log.Append(within(t), []Entry{entry("k", "v")}, func(err error) {
			if err != nil {
				t.Errorf("the entry was not appended: %v", err)
			}
			all.Done()
		})
	}
	write(0)
	all.Wait()
	d.close()
	for n := int32(0); d.tried.Load() < 10 && !t.Failed(); n++ {
		write(n % 8)
		time.Sleep(10 * time.Millisecond)
	}
	d.shut.Store(false)
	all.Wait()
}
