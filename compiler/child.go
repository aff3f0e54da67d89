package compiler

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing/fstest"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/sandbox"
)

// checkFunc is the name of the sandbox's function.
const checkFunc = "check"

// question is what the child process is asked. The built-in packages travel
// with it, so that both processes mean the same ones.
type question struct {
	Builtin   map[string][]byte
	Tags      []string
	Dir, Spec string
	Policies  []string
}

// answer is what the child process says.
type answer struct {
	Plan  []byte    // by plan.Encode; empty where there are mistakes
	Found diag.List // mistakes and warnings
}

// SandboxFuncs are the functions that sandbox.Main must know for Check to work.
func SandboxFuncs() map[string]sandbox.Func {
	return map[string]sandbox.Func{checkFunc: child}
}

// inSandbox asks a child process to evaluate a spec.
func inSandbox(ctx context.Context, cfg Config, spec string) (*plan.Pipeline, diag.List, error) {
	files, err := cueFiles(cfg.Builtin)
	if err != nil {
		return nil, nil, fmt.Errorf("compiler: read the built-in packages: %w", err)
	}
	var in bytes.Buffer
	q := question{Builtin: files, Tags: cfg.Tags, Dir: cfg.Dir, Spec: spec, Policies: cfg.Policies}
	if err := gob.NewEncoder(&in).Encode(q); err != nil {
		return nil, nil, fmt.Errorf("compiler: encode the question: %w", err)
	}
	out, err := sandbox.Run(ctx, sandbox.Limits{}, checkFunc, in.Bytes())
	if limit := (*sandbox.LimitError)(nil); errors.As(err, &limit) {
		return nil, diag.List{{File: filepath.ToSlash(spec), Msg: limit.Error()}}, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("compiler: %s: %w", spec, err)
	}
	var a answer
	if err := gob.NewDecoder(bytes.NewReader(out)).Decode(&a); err != nil {
		return nil, nil, fmt.Errorf("compiler: decode the answer: %w", err)
	}
	if len(a.Plan) == 0 {
		return nil, a.Found, nil
	}
	p, err := plan.Decode(bytes.NewReader(a.Plan))
	return p, a.Found, err
}

// child answers one question, in the child process.
func child(in []byte) ([]byte, error) {
	var q question
	if err := gob.NewDecoder(bytes.NewReader(in)).Decode(&q); err != nil {
		return nil, fmt.Errorf("compiler: decode the question: %w", err)
	}
	builtin := fstest.MapFS{}
	for name, data := range q.Builtin {
		builtin[name] = &fstest.MapFile{Data: data}
	}
	var a answer
	p, found := evaluate(Config{Builtin: builtin, Tags: q.Tags, Dir: q.Dir, Policies: q.Policies}, q.Spec)
	if a.Found = found; p != nil {
		var b bytes.Buffer
		if err := plan.Encode(&b, p); err != nil {
			return nil, err
		}
		a.Plan = b.Bytes()
	}
	var out bytes.Buffer
	err := gob.NewEncoder(&out).Encode(a)
	return out.Bytes(), err
}

// cueFiles reads the CUE files of the built-in packages.
func cueFiles(builtin fs.FS) (map[string][]byte, error) {
	out := map[string][]byte{}
	err := fs.WalkDir(builtin, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".cue" || strings.Contains(name, "testdata/") {
			return err
		}
		out[name], err = fs.ReadFile(builtin, name)
		return err
	})
	return out, err
}
