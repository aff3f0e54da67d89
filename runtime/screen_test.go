package runtime

import (
	"bytes"
	"fmt"
	"testing"
)

func TestScreen(t *testing.T) {
	var b bytes.Buffer
	s := &screen{out: &b}
	fmt.Fprintln(s, "log 1")
	s.Status("10 records")
	s.Status("20 records")
	fmt.Fprintln(s, "log 2")
	fmt.Fprintln(s, "log 3")
	s.Status("30 records")
	s.Status("")
	s.Status("")
	const want = "log 1\n10 records" + eraseLine + "20 records" + eraseLine + "log 2\nlog 3\n30 records" + eraseLine
	if b.String() != want {
		t.Errorf("got  %q\nwant %q", b.String(), want)
	}
}
