package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
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
	b := readBuild(bin, os.Args[1:])
	args := b.takeKept(os.Args[1:])
	if args == nil {
		os.Exit(0)
	}
	cmd := exec.Command(machinesGo(bin), args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err = cmd.Run(); err == nil {
		b.keep()
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

// sharedBuild is a go build: for each of its packages, where its program goes
// and where it is kept.
type sharedBuild map[string]struct{ out, kept string }

// readBuild reads a go command's arguments. Only a build is shared whose files
// all lie in the working directory: one in a user's module (-overlay) depends on
// more.
func readBuild(bin string, args []string) sharedBuild {
	o := slices.Index(args, "-o") + 1
	if len(args) == 0 || args[0] != "build" || o == 0 || slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "-overlay") }) {
		return nil
	}
	dir := filepath.Join(filepath.Dir(bin), "builds")
	if os.MkdirAll(dir, 0o755) != nil {
		return nil
	}
	shared := sha256.New()
	for _, a := range args[:o] {
		fmt.Fprintf(shared, "%q\n", a)
	}
	for _, kv := range os.Environ() {
		if strings.HasPrefix(kv, "GO") {
			fmt.Fprintf(shared, "%q\n", kv)
		}
	}
	hashFiles(shared, "go.mod", "go.sum", "kcgen.dev")
	below, err := filepath.Glob("*/*/pipeline.go") // packages that several programs may have
	if err != nil {
		return nil
	}
	hashFiles(shared, below...)
	b := sharedBuild{}
	for _, pkg := range args[o+1:] {
		own := sha256.New()
		fmt.Fprintf(own, "%x %q\n", shared.Sum(nil), pkg)
		hashFiles(own, pkg)
		b[pkg] = struct{ out, kept string }{filepath.Join(args[o], filepath.Base(pkg)), filepath.Join(dir, fmt.Sprintf("%x", own.Sum(nil)))}
	}
	return b
}

func hashFiles(h hash.Hash, names ...string) {
	for _, name := range names {
		err := filepath.WalkDir(name, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(file)
			fmt.Fprintf(h, "%q %x\n", file, sha256.Sum256(data))
			return err
		})
		if err != nil {
			fmt.Fprintf(h, "%d\n", time.Now().UnixNano()) // like no other
		}
	}
}

// takeKept takes what is kept, and gives the arguments that build the rest; nil
// where there is none.
func (b sharedBuild) takeKept(args []string) []string {
	if b == nil {
		return args
	}
	var left []string
	for _, a := range args {
		if p, ok := b[a]; ok && os.Link(p.kept, p.out) == nil {
			delete(b, a)
			continue
		}
		left = append(left, a)
	}
	if len(b) == 0 {
		return nil
	}
	return left
}

// keep keeps what was built. What cannot be is built again by the next one.
func (b sharedBuild) keep() {
	for _, p := range b {
		_ = os.Link(p.out, p.kept)
	}
}
