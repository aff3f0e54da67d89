package chaos_test

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// A broker of Kafka 4.0 to 4.3 that comes back while a transaction is being
// committed or aborted may take a partition that has no leader yet for one that
// was deleted, and leave the transaction's marker out there (KAFKA-20734). What
// was written waits in that partition, and the producer's next transaction ends
// it along with its own. Nothing in the protocol tells the producer. The broker
// says so in its log.
var skippedMarkers = regexp.MustCompile(`Couldn't find leader endpoint for partitions Set\((.*)\) while trying to send transaction markers`)

var tornPartition = regexp.MustCompile(`\bexact-(\d+)\b`)

// torn are the partitions of the topic exact in which the broker has torn a
// transaction.
func (f *field) torn() []int {
	f.t.Helper()
	return tornIn(f.t, f.broker.LogPath())
}

func tornIn(t *testing.T, log string) (partitions []int) {
	t.Helper()
	file, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in := bufio.NewScanner(file)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		m := skippedMarkers.FindStringSubmatch(in.Text())
		if m == nil {
			continue
		}
		for _, p := range tornPartition.FindAllStringSubmatch(m[1], -1) {
			if n, err := strconv.Atoi(p[1]); err == nil && !slices.Contains(partitions, n) {
				partitions = append(partitions, n)
			}
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(partitions)
	return partitions
}

// The broker's own words are understood.
func TestTorn(t *testing.T) {
	log := filepath.Join(t.TempDir(), "kafka.log")
	text := `[2026-11-21 16:43:10,577] INFO [Transaction State Manager 1]: Completed loading transaction metadata (kafka.coordinator.transaction.TransactionStateManager)
[2026-11-21 16:43:11,368] INFO [Transaction Marker Channel Manager 1]: Couldn't find leader endpoint for partitions Set(exact-3, exact-7, chaos-offsets-4) while trying to send transaction markers for chaos-exact-source-3, these partitions are likely deleted already and hence can be skipped (kafka.coordinator.transaction.TransactionMarkerChannelManager)
[2026-11-21 16:43:12,016] INFO [Transaction Marker Channel Manager 1]: Couldn't find leader endpoint for partitions Set(chaos-offsets-1, exact-3) while trying to send transaction markers for chaos-exact-source-3, these partitions are likely deleted already and hence can be skipped (kafka.coordinator.transaction.TransactionMarkerChannelManager)
`
	if err := os.WriteFile(log, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := tornIn(t, log); !slices.Equal(got, []int{3, 7}) {
		t.Errorf("torn in %v, want 3 and 7", got)
	}
}
