package cdc

import (
	"fmt"
	"log/slog"
	"strings"

	"kcgen.dev/runtime/connect"
)

// Identity is what a capture's position belongs to. A change of it would have
// the capture begin anew, or go on at a place that means something else, without
// a word; so it is refused unless somebody has allowed it.
type Identity struct {
	Allowed bool // allowIdentityChange
	Log     *slog.Logger
}

// ServerPartition is what the offsets of a capture are kept under.
func ServerPartition(prefix string) *connect.SourcePartition {
	return connect.Partition("server", prefix)
}

// Prefix looks whether the connector has a position under another topicPrefix,
// and none under this one.
func (i Identity) Prefix(offsets connect.OffsetReader, prefix string) error {
	all, ok := offsets.(connect.PartitionLister)
	if !ok || offsets.Offset(ServerPartition(prefix)) != nil {
		return nil
	}
	var was []string
	for _, p := range all.Partitions() {
		for _, pair := range p.Pairs {
			if name, ok := pair.Value.(string); ok && pair.Key == "server" {
				was = append(was, name)
			}
		}
	}
	return i.Same("topicPrefix", strings.Join(was, ", "), prefix,
		"all rows would be read again, for other topics, and nothing would tell which were deleted meanwhile")
}

// Same refuses that an option has another value than it had when the position was
// kept; "" was not kept. otherwise is what would come of it.
func (i Identity) Same(option, was, is, otherwise string) error {
	if was == "" || was == is {
		return nil
	}
	if i.Allowed {
		i.Log.Warn("the capture goes on though what its position belongs to is another (allowIdentityChange)", "option", option, "was", was, "is", is)
		return nil
	}
	return fmt.Errorf("%s is %q, and the position that was kept belongs to %q: %s; set %s back, or set allowIdentityChange (once) to have it so, or reset the offsets",
		option, is, was, otherwise, option)
}
