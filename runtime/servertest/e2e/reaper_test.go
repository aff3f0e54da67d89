package e2e_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"
)

// reaper kills a pipeline of tables at moments that a seed decides.
type reaper struct {
	*tables
	random *rand.Rand
}

// longestLife is how long it lets the pipeline run: offsets are committed each
// second, so some lives get on and some do not.
const longestLife = 3 * time.Second

func newReaper(l *tables) *reaper {
	seed := uint64(time.Now().UnixNano())
	if v := os.Getenv("KCGEN_CRASH_SEED"); v != "" {
		seed, _ = strconv.ParseUint(v, 10, 64)
	}
	l.t.Logf("KCGEN_CRASH_SEED=%d", seed)
	return &reaper{l, rand.New(rand.NewPCG(seed, 0))}
}

// reap starts and kills the pipeline so often, or until it has logged that what
// was to be disturbed is over ("": it never is). It says how many kills came
// before that.
func (r *reaper) reap(kills int, over string) (before int) {
	r.t.Helper()
	for range kills {
		p := r.start()
		select {
		case <-time.After(time.Duration(r.random.Int64N(int64(longestLife)))):
		case <-p.Done():
			r.t.Fatalf("the pipeline ended by itself: %v", p.Wait(r.t.Context()))
		}
		p.Kill()
		log, err := p.Log()
		if err != nil {
			r.t.Fatal(err)
		}
		if over != "" && strings.Contains(string(log), over) {
			return before
		}
		before++
	}
	return before
}
