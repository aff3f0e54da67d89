//go:build synctests

package simulation

import (
	"fmt"
	"hash/crc32"
	"strings"
)

// A record of the simulation says where it comes from: the source partition,
// its number there, and which opening of the source gave it.
type origin struct {
	part, seq, opening int
}

// text is the record's value: its origin, the topic it is meant for, and a
// checksum over both.
func (o origin) text(topic string) string {
	s := fmt.Sprintf("%d %d %d %s", o.part, o.seq, o.opening, topic)
	return fmt.Sprintf("%s %08x", s, crc32.ChecksumIEEE([]byte(s)))
}

// parse reads what text wrote.
func parse(text string) (o origin, topic string, err error) {
	body, sum, _ := cutLast(text, " ")
	if fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(body))) != sum {
		return o, "", fmt.Errorf("a damaged record: %q", text)
	}
	_, err = fmt.Sscanf(body, "%d %d %d %s", &o.part, &o.seq, &o.opening, &topic)
	return o, topic, err
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// fate is what becomes of a record by its number alone, whatever else happens.
type fate int

const (
	delivered    fate = iota
	filtered          // by the source's chain
	poisoned          // refused by the source's chain: it goes to its dead letter queue
	sinkFiltered      // by the sink's chain
	sinkPoisoned      // refused by the sink's chain
)

func (o origin) fate() fate {
	switch {
	case o.seq%17 == 5:
		return filtered
	case o.seq%13 == 7:
		return poisoned
	case o.seq%19 == 11:
		return sinkFiltered
	case o.seq%11 == 6:
		return sinkPoisoned
	}
	return delivered
}
