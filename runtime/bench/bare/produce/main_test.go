package main

import "testing"

func TestSpliced(t *testing.T) {
	var room []byte
	var last []byte
	for range 3 {
		var got []byte
		got, room = spliced([]byte(`{"line":"x"}`), room)
		if want := `{"line":"x","site":"eu"}`; string(got) != want || last != nil && string(last) != want {
			t.Errorf("%s and %s, want %s", last, got, want)
		}
		last = got
	}
}
