//go:build synctests

package herder

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// virtual says what time it is.
const virtual = true

// patience is in tenths of a beat. kfake waits a rebalance timeout for members
// that died while they joined.
const patience = 4000

// bubble runs a test in virtual time, over a network in memory.
func bubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

// beatEvery is the unit of time of the groups.
const beatEvery = 3 * time.Second

func fakeNetwork() (dialer, []kfake.Opt) {
	var vn kfake.VirtualNetwork
	return vn.DialContext, []kfake.Opt{kfake.ListenFn(vn.Listen), kfake.Ports(9092, 9093, 9094)}
}
