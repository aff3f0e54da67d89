package servertest

import (
	"os"
	"strings"
	"testing"
)

// Env puts a word into an environment variable of the test's own and gives its
// name, for options that read a secret from there. Unlike with T.Setenv, the
// test may run beside others.
func Env(t testing.TB, word string) string {
	t.Helper()
	name := strings.ToUpper(strings.ReplaceAll(Unique("KCGEN_TEST"), "-", "_"))
	if err := os.Setenv(name, word); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Unsetenv(name) })
	return name
}
