package build

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Output is where the binary of a pipeline goes: out, relative to a folder, or
// its name, with what the target's system wants behind it. It may replace a
// program, but not a file of another kind: a pipeline may be called go.mod.
func Output(dir, name, out, target string) (string, error) {
	if out == "" {
		goos, _, _ := strings.Cut(target, "/")
		out = name + exe(goos)
	}
	if !filepath.IsAbs(out) {
		out = filepath.Join(dir, out)
	}
	fi, err := os.Stat(out)
	switch {
	case err != nil:
	case fi.IsDir():
		return "", fmt.Errorf("build: %s is a directory: name the binary's file", out)
	case fi.Size() > 0 && fi.Mode()&0o111 == 0 && runtime.GOOS != "windows":
		return "", fmt.Errorf("build: %s is there and is no program; it would be lost: name another file for the binary", out)
	}
	if out, err = filepath.Abs(out); err != nil {
		return "", fmt.Errorf("build: %w", err)
	}
	part, err := partFile(out) // told before anything is built, where it cannot be
	if err != nil {
		return "", err
	}
	return out, os.Remove(part)
}

// exe is what the name of a program ends with; an empty goos is this machine's.
func exe(goos string) string {
	if cmp.Or(goos, runtime.GOOS) == "windows" {
		return ".exe"
	}
	return ""
}

// Put makes a built program the file out. It appears whole or not at all.
func Put(file, out string) error {
	part, err := partFile(out)
	if err != nil {
		return err
	}
	defer os.Remove(part) // nothing where it went well
	if os.Rename(file, part) != nil {
		err = copyFile(file, part) // of another file system
	}
	if err == nil {
		err = os.Rename(part, out)
	}
	if err != nil {
		return fmt.Errorf("build: write %s: %w", out, err)
	}
	return nil
}

// partFile is a new file beside out, which becomes it by a rename.
func partFile(out string) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(out), ".kcgen-*")
	if err != nil {
		return "", fmt.Errorf("build: write %s: %w", out, err)
	}
	return f.Name(), f.Close()
}

// copyFile copies a program over a file that is there.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Chmod(info.Mode().Perm()), out.Close())
}
