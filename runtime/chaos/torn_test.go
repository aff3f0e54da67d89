package chaos_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A broker of Kafka 4.0 to 4.3 that comes back while a transaction is being
// committed or aborted may take a partition that has no leader yet for one that
// was deleted, and leave the transaction's marker out there (KAFKA-20734). It
// says so in its log; the instances find it out, and say so in theirs.
const (
	skippedMarkers = "Couldn't find leader endpoint for partitions Set("
	endedThere     = "the brokers left the end of a transaction out of some partitions"
)

// torn counts the transactions that the broker has torn, and those that an
// instance has mended. The others were mended by the next transaction, which
// happened to have the same end.
func (f *field) torn() (torn, mended int) {
	f.t.Helper()
	torn = countLines(f.t, f.broker.LogPath(), skippedMarkers)
	for _, i := range f.instances {
		if _, err := os.Stat(i.log(f)); err == nil {
			mended += countLines(f.t, i.log(f), endedThere)
		}
	}
	return torn, mended
}

func countLines(t *testing.T, log, with string) (n int) {
	t.Helper()
	file, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in := bufio.NewScanner(file)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if strings.Contains(in.Text(), with) {
			n++
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// The broker's own words are understood.
func TestTorn(t *testing.T) {
	log := filepath.Join(t.TempDir(), "kafka.log")
	text := `[2026-11-21 16:43:10,577] INFO [Transaction State Manager 1]: Completed loading transaction metadata (kafka.coordinator.transaction.TransactionStateManager)
[2026-11-21 16:43:11,368] INFO [Transaction Marker Channel Manager 1]: Couldn't find leader endpoint for partitions Set(exact-3, exact-7, chaos-offsets-4) while trying to send transaction markers for chaos-exact-source-3, these partitions are likely deleted already and hence can be skipped (kafka.coordinator.transaction.TransactionMarkerChannelManager)
`
	if err := os.WriteFile(log, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if n := countLines(t, log, skippedMarkers); n != 1 {
		t.Errorf("%d transactions are torn, want 1", n)
	}
}
