package filestream

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"kcgen.dev/runtime/connect"
)

var (
	_ connect.Checks = Source{}
	_ connect.Checks = Sink{}
)

// Check looks at the file's name and rights. It does not open the file: whoever
// writes to a FIFO would take that for a reader.
func (s Source) Check(context.Context, connect.CheckContext) []connect.Finding {
	if s.File == "" {
		return nil
	}
	f := connect.Finding{What: "file " + s.File + " can be read"}
	info, err := os.Stat(s.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Problem, f.Warning = "it is not there; the source waits for it", true
	case err != nil:
		f.Problem, f.Fix = err.Error(), mayRead(s.File)
	case info.IsDir():
		f.Problem, f.Fix = "it is a directory", "name a file in it"
	case !canRead(s.File):
		f.Problem, f.Fix = fmt.Sprintf("user %d may not read it", os.Getuid()), mayRead(s.File)
	}
	return []connect.Finding{f}
}

func mayRead(file string) string {
	return fmt.Sprintf("let user %d read %s, and search its directories", os.Getuid(), file)
}

// fewBytes is so little room on a disk that it is worth a word.
const fewBytes = 64 << 20

// Check looks at the file, or where it will be made, and at the room there.
func (s Sink) Check(context.Context, connect.CheckContext) []connect.Finding {
	if s.File == "" {
		return nil
	}
	dir := filepath.Dir(s.File)
	found := []connect.Finding{s.writable(dir)}
	if s.ExactlyOnce && found[0].Problem == "" {
		f := connect.Finding{What: "directory " + dir + " takes the positions beside the file"}
		if !canMake(dir) {
			f.Problem, f.Fix = fmt.Sprintf("user %d may not make files there", os.Getuid()), mayMake(dir)
		}
		found = append(found, f)
	}
	if free, ok := freeBytes(dir); ok {
		f := connect.Finding{What: "the disk of " + dir + " has room"}
		if free < fewBytes {
			f.Problem, f.Warning = fmt.Sprintf("it has %d bytes left; the sink waits where it is full", free), true
		}
		found = append(found, f)
	}
	return found
}

func (s Sink) writable(dir string) connect.Finding {
	f := connect.Finding{What: "file " + s.File + " can be appended to"}
	info, err := os.Stat(s.File)
	switch {
	case err == nil && info.IsDir():
		f.Problem, f.Fix = "it is a directory", "name a file in it"
	case err == nil && !canAppend(s.File, info.Mode()):
		f.Problem = fmt.Sprintf("user %d may not read and write it", os.Getuid())
		f.Fix = fmt.Sprintf("let user %d read and write %s", os.Getuid(), s.File)
	case err == nil:
	case !errors.Is(err, fs.ErrNotExist):
		f.Problem, f.Fix = err.Error(), mayMake(dir)
	case !isDir(dir):
		f.Problem, f.Fix = dir+" is not there", "mkdir -p "+dir
	case !canMake(dir):
		f.Problem, f.Fix = fmt.Sprintf("it is not there, and user %d may not make files in %s", os.Getuid(), dir), mayMake(dir)
	}
	return f
}

func isDir(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir()
}

func mayMake(dir string) string {
	return fmt.Sprintf("let user %d write to %s, and search its directories", os.Getuid(), dir)
}
