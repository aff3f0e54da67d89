package worker

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// What letterHeaders adds, restore takes away, whatever the record's own headers
// are, those of an earlier letter among them.
func FuzzLetterHeaders(f *testing.F) {
	f.Add("own", []byte("x"), "__connect.errors.topic", []byte("of another queue"), 0, "in", int32(3), int64(7))
	f.Add("__connect.errors.exception.stacktrace", []byte(nil), "kcgen.replays", []byte("x"), 2, "t", int32(0), int64(-1))
	f.Fuzz(func(t *testing.T, k1 string, v1 []byte, k2 string, v2 []byte, replays int, topic string, partition int32, offset int64) {
		if replays < 0 || replays >= 1<<29 || k1 == replaysHeader || k2 == replaysHeader {
			replays = 0
		}
		own := []kafka.Header{{Key: k1, Value: v1}, {Key: k2, Value: v2}}
		failure := &Failure{Connector: "snk", Stage: stagePut, Err: errors.New("x")}
		d := DeadLetters{Topic: "dlq", ContextHeaders: true}
		hs := d.letterHeaders(own, topic, strconv.Itoa(int(partition)), strconv.FormatInt(offset, 10), failure, replays)
		o := original{headers: hs}
		r := Replay{Connector: "snk"}
		r.restore(&o)
		if o.place != (place{topic, partition, offset}) || r.foreign(hs) {
			t.Errorf("place %+v", o.place)
		}
		if k1 == replaysHeader || k2 == replaysHeader {
			return // the count, by whomever
		}
		same := func(a, b kafka.Header) bool { return a.Key == b.Key && bytes.Equal(a.Value, b.Value) }
		if o.replays != replays+1 || !slices.EqualFunc(o.headers, own, same) {
			t.Errorf("replays %d, headers %v", o.replays, o.headers)
		}
	})
}

// Letters that no program of ours has written: any headers, any forms.
func FuzzLetterRecord(f *testing.F) {
	f.Add("__connect.errors.topic", []byte("t"), "kcgen.value", []byte("STRING"), []byte("text"))
	f.Add("__connect.errors.partition", []byte("99999999999999999999"), "kcgen.value", []byte("json"), []byte("{"))
	f.Add("__connect.errors.topic", []byte(""), "kcgen.replays", []byte("-5"), []byte(nil))
	f.Fuzz(func(t *testing.T, k1 string, v1 []byte, k2 string, v2, value []byte) {
		o := original{headers: []kafka.Header{{Key: k1, Value: v1}, {Key: k2, Value: v2}}, value: value}
		task := &letterTask{l: Letters{Replay: &Replay{JSON: raw{}, replays: map[int64]int{}}}}
		task.l.Replay.foreign(o.headers)
		task.l.Replay.restore(&o)
		var b connect.Batch
		if err := task.add(&o, &b); (err == nil) != (len(b.Records) == 1) {
			t.Errorf("%v and %d records", err, len(b.Records))
		}
	})
}
