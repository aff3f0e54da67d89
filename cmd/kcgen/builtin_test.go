package main

import (
	"io/fs"
	"testing"
	"testing/fstest"
)

func TestFolders(t *testing.T) {
	f := folders{"a": fstest.MapFS{"x/y.txt": {Data: []byte("y")}}, "b": fstest.MapFS{"z.txt": {Data: []byte("z")}}}
	if err := fstest.TestFS(f, "a/x/y.txt", "b/z.txt"); err != nil {
		t.Error(err)
	}
}

func TestBuiltinHoldsWhatIsNeeded(t *testing.T) {
	for _, name := range []string{
		"schema/pipeline.cue", "runtime/connector/filestream/filestream.cue", "runtime/connect/record.go",
		"templates/pipeline.mod", "templates/pipeline.sum",
	} {
		if _, err := fs.Stat(builtin(), name); err != nil {
			t.Error(err)
		}
	}
}
