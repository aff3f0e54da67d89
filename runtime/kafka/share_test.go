package kafka

import "testing"

// TestShare: what clients may hold in sum does not grow with their number, until
// each has the least that it needs; what a spec gives is given to each.
func TestShare(t *testing.T) {
	for _, test := range []struct {
		of             int
		records, bytes int64
		fetch          int64
	}{
		{0, 25_000, 8 << 20, 2 << 20},
		{1, 25_000, 8 << 20, 2 << 20},
		{4, 6_250, 2 << 20, 512 << 10},
		{8, 3_125, 2 << 20, 512 << 10},
		{100, 2_500, 2 << 20, 512 << 10},
	} {
		records, bytes := Producer{}.buffers(test.of)
		fetch, part := Consumer{}.fetches(test.of)
		if int64(records) != test.records || bytes != test.bytes || fetch != test.fetch || part != fetch {
			t.Errorf("of %d: %d records, %d bytes, %d fetched, %d of a partition; want %v", test.of, records, bytes, fetch, part, test)
		}
	}
	own := Producer{MaxBufferedRecords: 7, MaxRequestSize: 10 << 20}
	if records, bytes := own.buffers(4); records != 7 || bytes != 20<<20 {
		t.Errorf("of its own: %d records, %d bytes", records, bytes)
	}
	if fetch, part := (Consumer{FetchMaxBytes: 64 << 20}).fetches(4); fetch != 64<<20 || part != 2<<20 {
		t.Errorf("of its own: %d fetched, %d of a partition", fetch, part)
	}
	if _, part := (Consumer{MaxPartitionFetchBytes: 8 << 20}).fetches(4); part != 8<<20 {
		t.Errorf("of its own: %d of a partition", part)
	}
}
