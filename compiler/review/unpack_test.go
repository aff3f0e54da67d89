package review

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestUnpack: nothing of an archive lands outside, and no link leads there.
func TestUnpack(t *testing.T) {
	archive := func(h tar.Header, text string) *bytes.Buffer {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		h.Size, h.Mode = int64(len(text)), 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return &b
	}
	into := filepath.Join(t.TempDir(), "in")
	if err := os.Mkdir(into, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		tar.Header
		fails, there bool
	}{
		{"file", tar.Header{Typeflag: tar.TypeReg, Name: "a.cue"}, false, true},
		{"file outside", tar.Header{Typeflag: tar.TypeReg, Name: "../b.cue"}, true, false},
		{"link inside", tar.Header{Typeflag: tar.TypeSymlink, Name: "c.cue", Linkname: "a.cue"}, false, true},
		{"link outside", tar.Header{Typeflag: tar.TypeSymlink, Name: "d.cue", Linkname: "../x"}, false, false},
		{"absolute link", tar.Header{Typeflag: tar.TypeSymlink, Name: "e.cue", Linkname: "/etc/passwd"}, false, false},
	} {
		text := ""
		if c.Typeflag == tar.TypeReg {
			text = "x"
		}
		if err := unpack(archive(c.Header, text), into); (err != nil) != c.fails {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := os.Lstat(filepath.Join(into, c.Header.Name)); (err == nil) != c.there {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := unpack(bytes.NewReader([]byte("no archive")), into); err == nil {
		t.Error("what is no archive was unpacked")
	}
}
