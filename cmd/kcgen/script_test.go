package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/sandbox"
)

var update = flag.Bool("update", false, "write what the scripts' commands print as what they are to print")

func TestMain(m *testing.M) {
	sandbox.Main(compiler.SandboxFuncs())
	testscript.Main(m, map[string]func(){"kcgen": main, "go": sharedGo})
}

// TestScripts runs testdata/script. Those that compile pipelines take seconds:
// run, test, trace, flow, func, schemas, grants, pack, build, verify, vuln. A
// short run stops most of them where they begin to compile more: run builds and
// runs a program, test, trace and schemas try one, and TestCustomConnector
// compiles a user's module.
func TestScripts(t *testing.T) {
	module, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		env[name] = goEnv(t, name)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("MODULE", module)
			for name, value := range env {
				e.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code},
	})
}

// code runs kcgen and compares its exit code: code 2 kcgen vet.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N PROGRAM ARG…")
	}
	err := ts.Exec(args[1], args[2:]...)
	if got := exitCode(err); got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

func exitCode(err error) string {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "0"
	case errors.As(err, &exit):
		return strconv.Itoa(exit.ExitCode())
	}
	return err.Error()
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	if v := os.Getenv(name); v != "" {
		return v
	}
	out, err := goOutput(t.Context(), "env", name)
	if err != nil {
		t.Fatal(err)
	}
	return string(out[:len(out)-1])
}
