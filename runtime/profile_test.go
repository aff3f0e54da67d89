package runtime

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestProfiles(t *testing.T) {
	at, stop, err := serveProfiles("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	r, err := http.Get("http://" + at.String() + "/debug/pprof/goroutine?debug=1")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if b, _ := io.ReadAll(r.Body); !strings.Contains(string(b), "TestProfiles") {
		t.Errorf("%s: %.200s", r.Status, b)
	}
	if _, _, err := serveProfiles(at.String()); err == nil || !strings.Contains(err.Error(), "-pprof: ") {
		t.Errorf("an address that is taken: %v", err)
	}
}
