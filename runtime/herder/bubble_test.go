//go:build synctests

package herder

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// bubble runs a test in virtual time, over a network in memory.
func bubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

// beatEvery is the unit of time of the groups.
const beatEvery = 3 * time.Second

func fakeNetwork() (dialer, []kfake.Opt) {
	var vn kfake.VirtualNetwork
	return vn.DialContext, []kfake.Opt{kfake.ListenFn(vn.Listen), kfake.Ports(9092, 9093, 9094)}
}
