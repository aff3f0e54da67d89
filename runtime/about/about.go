// Package about is what a program knows of itself: the specs it was made from,
// and what is linked in it. kcgen build seals a [Record] into each program; the
// program tells it by its verbs spec, sbom and version, and kcgen verify finds it
// in the file, without running it. It is data alone, so that kcgen, too, knows
// the form.
package about

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Record is what kcgen build knows of a program before it is linked. It holds no
// time and no folder: the same specs give the same record anywhere.
type Record struct {
	Kcgen     string          `json:"kcgen"`   // kcgen's version
	Runtime   string          `json:"runtime"` // the digest of the runtime's source
	Go        string          `json:"go"`      // Go's version
	Target    string          `json:"target"`  // linux/amd64
	Tags      []string        `json:"tags,omitempty"`
	Pack      bool            `json:"pack,omitempty"` // it was built by -pack
	Pipelines []Pipeline      `json:"pipelines"`
	SBOM      json.RawMessage `json:"sbom"` // CycloneDX
}

// Pipeline is one of the program's pipelines.
type Pipeline struct {
	Name    string `json:"name"`
	Program string `json:"program"` // the digest of its Go program, comments aside
	Spec    string `json:"spec"`    // the name of its file; empty where it is a package of files
	Files   []File `json:"files"`   // the spec's own, and those that it names
}

// File is a text of a spec, by its path in the spec's folder.
type File struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Sealed is the record in this program; empty where kcgen build did not make it.
// Only the file that kcgen adds to the program sets it.
var Sealed string

// ErrNone is a program without a record.
var ErrNone = errors.New("about: there is no record of what it was built from; kcgen build makes programs that have one")

// mark begins a sealed record; its length and its digest follow.
const mark = "kcgen.dev/about 1 "

// headLen is the length of what precedes the JSON.
const headLen = len(mark) + 8 + 1 + 2*sha256.Size + 1

// Seal is a record in the form in which it can be found in a file.
func Seal(r Record) (string, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("about: %w", err)
	}
	return fmt.Sprintf("%s%08x %x\n%s", mark, len(text), sha256.Sum256(text), text), nil
}

// Find finds the record in a program's bytes. What only looks like one is passed
// over.
func Find(program []byte) (*Record, error) {
	for {
		i := bytes.Index(program, []byte(mark))
		if i < 0 {
			return nil, ErrNone
		}
		if text := opened(program[i:]); text != nil {
			r := new(Record)
			if err := json.Unmarshal(text, r); err != nil {
				return nil, fmt.Errorf("about: read the record: %w", err)
			}
			return r, nil
		}
		program = program[i+len(mark):]
	}
}

// opened is the JSON of a sealed record at the beginning of b, or nil.
func opened(b []byte) []byte {
	if len(b) < headLen {
		return nil
	}
	n, err := strconv.ParseUint(string(b[len(mark):len(mark)+8]), 16, 32)
	if err != nil || uint64(len(b)-headLen) < n {
		return nil
	}
	text := b[headLen : headLen+int(n)]
	sum := sha256.Sum256(text)
	if hex.EncodeToString(sum[:]) != string(b[len(mark)+9:headLen-1]) {
		return nil
	}
	return text
}
