package databasetest

import (
	"strings"
	"testing"
)

// CheckError compares an error's text with a part of it; "" is no error.
func CheckError(t testing.TB, err error, part string) {
	t.Helper()
	switch {
	case err == nil && part != "":
		t.Errorf("no error, want one with %q", part)
	case err != nil && (part == "" || !strings.Contains(err.Error(), part)):
		t.Errorf("error %v, want one with %q", err, part)
	}
}
