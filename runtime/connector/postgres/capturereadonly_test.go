package postgres

import "testing"

func TestUnseen(t *testing.T) {
	var u unseen
	u.add(4294967290)
	u.add(10)
	for _, test := range []struct {
		snapshot string
		want     bool
	}{
		{"1:4294967307:", false},            // 11 of the next epoch: both are seen
		{"1:4294967306:", true},             // 10 was not begun
		{"1:4294967316:4294967306", true},   // 10 is open
		{"1:4294967316:4294967290,5", true}, // of the epoch before
		{"1:4294967316:4294967300", false},
	} {
		next, open, err := parseSnapshot(test.snapshot)
		if err != nil {
			t.Fatal(err)
		}
		if got := u.in(next, open); got != test.want {
			t.Errorf("%s: %v", test.snapshot, got)
		}
	}
	for _, bad := range []string{"", "1:2", "1:x:", "1:2:3,"} {
		if _, _, err := parseSnapshot(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
