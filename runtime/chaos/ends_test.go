package chaos_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"kcgen.dev/runtime/servertest"
)

// Half the answers to a request that ends a transaction are lost: the broker
// has done it, and the connection ends instead, or the answer says that nobody
// knows. Nothing is lost, doubled or torn, in the order in which readers of
// committed records see it.
func TestLostEnds(t *testing.T) {
	n := seed(t)
	f := newField(t, n)
	e := &lostEnds{random: rand.New(rand.NewPCG(n, 3))}
	for _, i := range f.instances {
		i.proxy.Frames = e.frames
	}
	f.startAll()
	e.set(true)
	for begun := time.Now(); e.lost() < *endsFlag; time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > servertest.Patience+time.Duration(*endsFlag)*time.Second {
			t.Fatalf("%d answers were lost after %v: transactions do not go on", e.lost(), time.Since(begun))
		}
	}
	e.set(false)
	lines := f.finish()
	t.Logf("transactions end at: %s; %d answers to their ends were passed, %d cut off, %d falsified, in %d lines of each sequence",
		f.boundary, e.passed, e.cut, e.falsified, lines)
	f.judge(lines)
}

// lostEnds has the answers to EndTxn go wrong.
type lostEnds struct {
	mu     sync.Mutex
	on     bool
	random *rand.Rand

	passed, cut, falsified int
}

func (e *lostEnds) set(on bool) { e.mu.Lock(); e.on = on; e.mu.Unlock() }

func (e *lostEnds) lost() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cut + e.falsified
}

// answer passes a good answer to EndTxn or falsifies it; it is false where the
// connection is to end instead.
func (e *lostEnds) answer(frame []byte) (pass bool) {
	code := frame[4+4+1+4:][:2] // behind the length, the header and the throttle time
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.on || code[0] != 0 || code[1] != 0 {
		return true
	}
	switch e.random.IntN(4) {
	case 0:
		e.cut++
		return false
	case 1:
		e.falsified++
		binary.BigEndian.PutUint16(code, uint16(kerr.UnknownServerError.Code))
	default:
		e.passed++
	}
	return true
}

// frames watch a connection.
func (e *lostEnds) frames() (request, answer func(frame []byte) bool) {
	one := &ends{all: e}
	return one.request, one.answer
}

// ends watches one connection for requests that end transactions.
type ends struct {
	all   *lostEnds
	mu    sync.Mutex
	asked []uint32 // the numbers of those without an answer
}

// request looks at one on its way to the broker. Those alone are minded whose
// answer is of a known form: EndTxn from version 3.
func (e *ends) request(frame []byte) (pass bool) {
	if len(frame) >= 12 && kmsg.Key(binary.BigEndian.Uint16(frame[4:])) == kmsg.EndTxn && binary.BigEndian.Uint16(frame[6:]) >= 3 {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.asked = append(e.asked, binary.BigEndian.Uint32(frame[8:]))
	}
	return true
}

// answer looks at one on its way back.
func (e *ends) answer(frame []byte) (pass bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(frame) < 8 {
		return true
	}
	i := slices.Index(e.asked, binary.BigEndian.Uint32(frame[4:]))
	if i < 0 {
		return true
	}
	e.asked = slices.Delete(e.asked, i, i+1)
	return e.all.answer(frame)
}
