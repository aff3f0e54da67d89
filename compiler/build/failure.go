package build

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// ErrUser is a failure in a Go package of the user's, told with the go
// command's own positions.
var ErrUser = errors.New("the spec's Go packages do not build")

// Complaint is one of the Go compiler's about the generated file.
type Complaint struct {
	Line, Col int
	Msg       string
}

// MainError is what the Go compiler has to say of the generated file, where a
// Go package of the user's does not fit its CUE.
type MainError struct {
	Complaints []Complaint
	err        error
}

func (e *MainError) Error() string { return e.err.Error() }
func (e *MainError) Unwrap() error { return e.err }

var complaint = regexp.MustCompile(`(?m)main\.go:(\d+):(\d+): (.*)$`)

func complaints(text string) []Complaint {
	var out []Complaint
	for _, m := range complaint.FindAllStringSubmatch(text, -1) {
		line, _ := strconv.Atoi(m[1]) // digits; too many of them find no line
		col, _ := strconv.Atoi(m[2])
		out = append(out, Complaint{line, col, m[3]})
	}
	return out
}

// failure says whose fault a failed build is.
func failure(m *module, text string, err error) error {
	switch {
	case text == "":
		return fmt.Errorf("build: go build: %w", err)
	case strings.Contains(text, "unsupported GOOS/GOARCH pair"):
		return fmt.Errorf("build: %s; go tool dist list names those that are there", firstLine(text))
	case isMissing(text):
		return fmt.Errorf("build: a module is neither in the module cache nor to be had: run go mod download where the network is, or set GOPROXY:\n%s", text)
	case m.user && strings.Contains(text, "updates to go.mod needed"):
		return fmt.Errorf("build: %w: run go get kcgen.dev and go mod tidy in %s:\n%s", ErrUser, m.dir, text)
	case m.user && inMain(text) && misfit(text):
		err := fmt.Errorf("build: %w: a Go struct does not fit its CUE definition; run kcgen types in its folder:\n%s", ErrUser, text)
		return &MainError{complaints(text), err}
	case m.user && !inMain(text) && !strings.Contains(text, "# kcgen.dev/"):
		return fmt.Errorf("build: %w:\n%s", ErrUser, text)
	}
	return fmt.Errorf("build: the generated program does not compile; this is a fault of kcgen, please report it with the spec:\n%s", text)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// isMissing knows the go command's complaints about modules that it cannot
// get.
func isMissing(text string) bool {
	for _, s := range []string{"module lookup disabled", "dial tcp", "no such host", "missing go.sum entry", "cannot find module providing"} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// inMain says whether the complaint is about the generated file.
func inMain(text string) bool { return strings.Contains(text, "main.go:") }

// misfit knows the compiler's complaints about a literal that its struct does
// not take.
func misfit(text string) bool {
	for _, s := range []string{"unknown field", "undefined:", "cannot use", "does not implement", "is not a type", "is not an expression", "cannot convert", "not exported"} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}
