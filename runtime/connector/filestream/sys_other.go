//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package filestream

import (
	"os"
	"time"
)

// Here there are no FIFOs to wait for, …
const openNonblock = 0

// … no locks: only one process may append to a file, …
func tryLock(*os.File) (bool, error) { return true, nil }

func unlock(*os.File) error { return nil }

func noLocks(error) bool { return false }

// … no way to ask whether there is input: a read of the standard input waits
// for it, …
func waitReadable(*os.File, time.Duration) (bool, error) { return true, nil }

// … and no directories to sync.
func syncDir(string) error { return nil }

// … Nor can it be asked what a user may do.

func canRead(string) bool { return true }

func canMake(string) bool { return true }

func canAppend(string, os.FileMode) bool { return true }
