package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// sharedGo is the go command of these tests: the machine's own, which it stands
// before in PATH. The scripts compile the same few programs again and again,
// and linking one takes most of a command's time; so what go build made of some
// files is kept, and given to the next that builds the same.
func sharedGo() {
	exe, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	bin := filepath.Dir(exe)
	args := os.Args[1:]
	out, kept := sharedBuild(bin, args)
	if kept != "" && os.Link(kept, out) == nil {
		os.Exit(0)
	}
	cmd := exec.Command(machinesGo(bin), args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if err == nil && kept != "" {
		_ = os.Link(out, kept) // if not, the next one builds it again
	}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(exit.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(0)
}

// machinesGo is the go command that PATH has behind the folder bin.
func machinesGo(bin string) string {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if file, err := exec.LookPath(filepath.Join(dir, "go")); err == nil && dir != bin {
			return file
		}
	}
	return "go: not in PATH"
}

// sharedBuild says of a go build where its program goes, and where it is kept.
// Only a build whose files all lie in the working directory is: one in a user's
// module (-overlay) depends on more.
func sharedBuild(bin string, args []string) (out, kept string) {
	o := slices.Index(args, "-o") + 1
	if len(args) == 0 || args[0] != "build" || o == 0 || slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "-overlay") }) {
		return "", ""
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", slices.Delete(slices.Clone(args), o, o+1))
	for _, kv := range os.Environ() {
		if strings.HasPrefix(kv, "GO") {
			fmt.Fprintf(h, "%q\n", kv)
		}
	}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(file)
		fmt.Fprintf(h, "%q %x\n", file, sha256.Sum256(data))
		return err
	})
	dir := filepath.Join(filepath.Dir(bin), "builds")
	if err != nil || os.MkdirAll(dir, 0o755) != nil {
		return "", ""
	}
	return args[o], filepath.Join(dir, fmt.Sprintf("%x", h.Sum(nil)))
}
