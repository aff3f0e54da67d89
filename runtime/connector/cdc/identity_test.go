package cdc

import (
	"log/slog"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// kept are the offsets of a connector, by their server.
type kept []string

func (k kept) Offset(p *connect.SourcePartition) connect.SourceOffset {
	for _, name := range k {
		if p.Pairs[0].Value == name {
			return connect.SourceOffset{"lsn": int64(1)}
		}
	}
	return nil
}

func (k kept) Partitions() (all []*connect.SourcePartition) {
	for _, name := range k {
		all = append(all, ServerPartition(name))
	}
	return all
}

func TestIdentityPrefix(t *testing.T) {
	for _, test := range []struct {
		name    string
		kept    connect.OffsetReader
		allowed bool
		want    string // part of the error
	}{
		{"first start", kept{}, false, ""},
		{"same", kept{"shop"}, false, ""},
		{"both, after a change that was allowed", kept{"market", "shop"}, false, ""},
		{"another", kept{"market"}, false, `topicPrefix is "shop", and the position that was kept belongs to "market"`},
		{"another, allowed", kept{"market"}, true, ""},
		{"nobody knows", only{kept{"market"}}, false, ""},
	} {
		err := Identity{Allowed: test.allowed, Log: slog.New(slog.DiscardHandler)}.Prefix(test.kept, "shop")
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "allowIdentityChange")):
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}

// only is a reader that cannot list.
type only struct{ connect.OffsetReader }
