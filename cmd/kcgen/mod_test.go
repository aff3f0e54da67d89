package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
)

// TestEditor has CUE's own tools, of the version that kcgen is built with, look
// at what init and mod lay down.
func TestEditor(t *testing.T) {
	if testing.Short() {
		t.Skip("builds CUE's own command")
	}
	cue := installCUE(t)
	dir := t.TempDir()
	made := func(args ...string) {
		t.Helper()
		var out strings.Builder
		if code := kcgen(args, &out, &out); code != 0 {
			t.Fatalf("kcgen %v: %d\n%s", args, code, out.String())
		}
	}
	shop := filepath.Join(dir, "shop")
	made("init", shop)
	inventory := filepath.Join(dir, "inventory")
	copyModule(t, "../../examples/custom-connector", inventory)
	made("mod", inventory)

	folders := []string{shop, inventory}
	for _, name := range templateNames() {
		folder := filepath.Join(dir, name)
		made("init", "-template", name, folder)
		folders = append(folders, folder)
	}
	for _, folder := range folders {
		if out, err := vetByCUE(cue, folder); err != nil {
			t.Errorf("cue vet in %s: %v\n%s", folder, err, out)
		}
	}
	spec := filepath.Join(shop, "pipeline.cue")
	good, err := os.ReadFile(spec)
	if err != nil {
		t.Fatal(err)
	}
	// What CUE says shows that it has found the definitions.
	bad := strings.Replace(string(good), `topic: "lines"}`, `tpoic: "lines"}`, 1)
	if err := os.WriteFile(spec, []byte(bad), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := vetByCUE(cue, shop); err == nil || !strings.Contains(out, "tpoic: field not allowed") {
		t.Errorf("cue vet takes a misspelt field: %v\n%s", err, out)
	}

	s := serveLSP(t, cue, shop)
	s.open(spec, string(good))
	line, column := position(t, string(good), "filestream.#Source", len("filestream.#S"))
	at := s.definition(spec, line, column)
	if want := "/cue.mod/pkg/kcgen.dev/runtime/connector/filestream/filestream.cue"; !strings.HasSuffix(at, want) {
		t.Errorf("the definition of filestream.#Source is at %q, want …%s", at, want)
	}
	if doc := s.hover(spec, line, column); !strings.Contains(doc, "Reads a file, or the standard input") {
		t.Errorf("cue lsp tells of filestream.#Source: %s", doc)
	}
}

// installCUE builds the cue command, once for a build cache.
func installCUE(t *testing.T) string {
	t.Helper()
	version := ""
	info, _ := debug.ReadBuildInfo()
	for _, d := range info.Deps {
		if d.Path == "cuelang.org/go" {
			version = d.Version
		}
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "install", "cuelang.org/go/cmd/cue@"+version)
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go install cue@%s: %v\n%s", version, err, out)
	}
	return filepath.Join(dir, "cue")
}

func vetByCUE(cue, dir string) (string, error) {
	cmd := exec.Command(cue, "vet", "-c", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CUE_REGISTRY=none")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// copyModule copies a Go module that requires kcgen from this repository.
func copyModule(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(to, "go.mod")
	mod, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(strings.Replace(string(mod), "=> ../..", "=> "+root, 1)), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// position is where a text stands in a file, as LSP counts.
func position(t *testing.T, text, find string, into int) (line, column int) {
	t.Helper()
	at := strings.Index(text, find)
	if at < 0 {
		t.Fatalf("no %q in the spec", find)
	}
	before := text[:at]
	return strings.Count(before, "\n"), at - strings.LastIndexByte(before, '\n') - 1 + into
}

// lsp is a language server.
type lsp struct {
	t    *testing.T
	in   io.Writer
	out  *bufio.Reader
	last int
}

// serveLSP starts cue lsp in a folder. It ends with the test.
func serveLSP(t *testing.T, cue, dir string) *lsp {
	t.Helper()
	cmd := exec.Command(cue, "lsp", "serve")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CUE_REGISTRY=none", "CUE_CACHE_DIR="+t.TempDir())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &lsp{t: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		s.call("shutdown", nil)
		s.notify("exit", nil)
		if err := cmd.Wait(); err != nil {
			t.Errorf("cue lsp: %v", err)
		}
	})
	uri := "file://" + dir
	s.call("initialize", map[string]any{"rootUri": uri, "capabilities": map[string]any{}, "workspaceFolders": []any{map[string]any{"uri": uri, "name": "shop"}}})
	s.notify("initialized", map[string]any{})
	return s
}

func (s *lsp) open(file, text string) {
	s.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": "file://" + file, "languageId": "cue", "version": 1, "text": text}})
}

// definition is the file in which what stands at a place is defined.
func (s *lsp) definition(file string, line, column int) string {
	answer := s.call("textDocument/definition", place(file, line, column))
	var places []struct {
		URI string `json:"uri"`
	}
	if err := json.Unmarshal(answer, &places); err != nil || len(places) != 1 {
		s.t.Fatalf("cue lsp: the definition: %s, %v", answer, err)
	}
	return places[0].URI
}

// hover is what is told of what stands at a place.
func (s *lsp) hover(file string, line, column int) string {
	return string(s.call("textDocument/hover", place(file, line, column)))
}

func place(file string, line, column int) any {
	return map[string]any{
		"textDocument": map[string]any{"uri": "file://" + file}, "position": map[string]any{"line": line, "character": column},
	}
}

type message struct {
	ID     json.RawMessage `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params any             `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

func (s *lsp) notify(method string, params any) { s.send(message{Method: method, Params: params}) }

// call asks, and reads until the answer comes. What the server asks in between
// it is told nothing.
func (s *lsp) call(method string, params any) json.RawMessage {
	s.last++
	id := strconv.Itoa(s.last)
	s.send(message{ID: json.RawMessage(id), Method: method, Params: params})
	for {
		m := s.receive()
		switch {
		case m.Method == "" && string(m.ID) == id:
			if m.Error != nil {
				s.t.Fatalf("cue lsp: %s: %s", method, m.Error)
			}
			return m.Result
		case m.Method != "" && m.ID != nil:
			s.send(message{ID: m.ID, Result: json.RawMessage("null")})
		}
	}
}

func (s *lsp) send(m message) {
	b, err := json.Marshal(struct {
		Version string `json:"jsonrpc"`
		message
	}{"2.0", m})
	if err == nil {
		_, err = fmt.Fprintf(s.in, "Content-Length: %d\r\n\r\n%s", len(b), b)
	}
	if err != nil {
		s.t.Fatalf("cue lsp: %v", err)
	}
}

func (s *lsp) receive() (m message) {
	head, err := textproto.NewReader(s.out).ReadMIMEHeader()
	if err != nil {
		s.t.Fatalf("cue lsp: %v", err)
	}
	n, err := strconv.Atoi(head.Get("Content-Length"))
	if err != nil {
		s.t.Fatalf("cue lsp: %v", err)
	}
	b := make([]byte, n)
	if _, err = io.ReadFull(s.out, b); err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		s.t.Fatalf("cue lsp: %s: %v", b, err)
	}
	return m
}
