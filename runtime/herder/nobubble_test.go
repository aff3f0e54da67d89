//go:build !synctests

package herder

import (
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

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
