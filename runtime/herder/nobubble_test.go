//go:build !synctests

package herder

import (
	"flag"
	"net"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// TestMain has many groups at a time: they wait more than they work.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "12"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// virtual says what time it is.
const virtual = false

// patience is in tenths of a beat.
const patience = 400

// bubble runs a test as it is: the client library needs the tag synctests for
// virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Parallel() // they wait, mostly
	f(t)
}

// beatEvery is long enough for a machine that is busy.
const beatEvery = 500 * time.Millisecond

func fakeNetwork() (dialer, []kfake.Opt) {
	return (&net.Dialer{}).DialContext, nil
}
