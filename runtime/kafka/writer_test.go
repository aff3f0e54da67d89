package kafka

import (
	"testing"
)

// TestBatchMemory: a batch has the room that is asked for, and neither batches
// on their way nor those that wait keep far more than they need.
func TestBatchMemory(t *testing.T) {
	w := &Writer{most: 1000}
	fill := func(b *Batch, n int) {
		for range n {
			b.Append("t", 1, 5, []byte("k"), []byte("v"), []Header{{Key: "h"}})
		}
	}
	first := w.NewBatch(600)
	fill(first, 600)
	first.Discard()
	if b := w.NewBatch(500); b != first || cap(b.recs) != 600 {
		t.Errorf("a batch of 500 has room for %d; the memory of one of 600 was there", cap(b.recs))
	}
	fill(first, 500)
	for i, r := range first.recs[:cap(first.recs)] {
		if zero := r.Value == nil && r.Topic == "" && r.Timestamp.IsZero(); zero != (i >= 500) {
			t.Fatalf("record %d is %v", i, r)
		}
	}
	first.Discard()
	small := w.NewBatch(10)
	if cap(small.recs) > 10*4+64 {
		t.Errorf("a batch of 10 has room for %d", cap(small.recs))
	}
	small.Discard()

	var out []*Batch
	for range 5 {
		b := w.NewBatch(400)
		fill(b, 401) // one more than was said
		out = append(out, b)
	}
	for _, b := range out {
		b.Discard()
	}
	kept := 0
	for _, b := range w.free {
		kept += cap(b.recs)
		for _, r := range b.recs[:cap(b.recs)] {
			if r.Value != nil {
				t.Fatal("a free batch holds a record")
			}
		}
	}
	if kept > w.most || kept != w.spare || kept < 400 {
		t.Errorf("free batches have room for %d records, said to be %d; most is %d", kept, w.spare, w.most)
	}
}

// TestBatchKeepsOne: the memory of a batch that is larger than all that may be
// on its way is used again too.
func TestBatchKeepsOne(t *testing.T) {
	w := &Writer{most: 1}
	b := w.NewBatch(100)
	b.Discard()
	if again := w.NewBatch(100); again != b || cap(again.recs) != 100 {
		t.Error("its memory was let go")
	}
}

func BenchmarkAppend(b *testing.B) {
	w := &Writer{most: 2000}
	value := make([]byte, 100)
	b.ReportAllocs()
	for n := 0; n < b.N; n += 2000 {
		batch := w.NewBatch(2000)
		for range 2000 {
			batch.Append("topic", -1, 1700000000000, nil, value, nil)
		}
		batch.Discard()
	}
}
