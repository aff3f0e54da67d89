package servertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// faketimePackage is the Debian package of the library that a process loads to
// be told another time than the machine's.
const faketimePackage = "libfaketime"

// KafkaClock gives the broker a clock of its own, which shows the machine's
// time until SetClock says otherwise.
func KafkaClock() KafkaOption { return func(c *kafkaConfig) { c.clock = true } }

// SetClock has the broker's clock show the machine's time and d from now on,
// or a second later.
// How fast time passes, and the clock that measures it, stay as they are.
func (b *Broker) SetClock(d time.Duration) error {
	// Put in place as a whole: the broker reads it at any time.
	if err := os.WriteFile(b.clock+".new", []byte(fmt.Sprintf("%+d\n", int64(d.Seconds()))), 0o644); err != nil {
		return fmt.Errorf("servertest: set the broker's clock: %w", err)
	}
	if err := os.Rename(b.clock+".new", b.clock); err != nil {
		return fmt.Errorf("servertest: set the broker's clock: %w", err)
	}
	return nil
}

// ownClock makes the broker's clock, and gives what it has to find in its
// environment.
func (b *Broker) ownClock(ctx context.Context) ([]string, error) {
	library, err := InstallFaketime(ctx)
	if err != nil {
		return nil, err
	}
	b.clock = filepath.Join(b.dir, "clock")
	return []string{"LD_PRELOAD=" + library, "FAKETIME_TIMESTAMP_FILE=" + b.clock,
		"FAKETIME_CACHE_DURATION=1", // seconds; to read the file each time takes a JVM all that it has
		"FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1",
		// Without this a wait for a time of the clock that does not jump ends at once.
		"FAKETIME_FORCE_MONOTONIC_FIX=0"}, b.SetClock(0)
}

// InstallFaketime fetches the library, unless it is there, and returns its
// path.
func InstallFaketime(ctx context.Context) (string, error) {
	dir, err := install(ctx, recipe{name: faketimePackage, version: "0", build: buildFaketime})
	if err != nil {
		return "", err
	}
	return theFaketime(dir)
}

// buildFaketime unpacks the system's own package, which suits its C library.
func buildFaketime(ctx context.Context, dir string) error {
	if err := unpackDebian(ctx, dir, faketimePackage); err != nil {
		return err
	}
	_, err := theFaketime(dir)
	return err
}

// theFaketime is the library for programs of several threads.
func theFaketime(dir string) (string, error) {
	found, err := filepath.Glob(filepath.Join(dir, "usr", "lib", "*", "faketime", "libfaketimeMT.so.1"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("servertest: %s holds %d libraries of faketime, want 1 (%v); remove the folder", dir, len(found), err)
	}
	return found[0], nil
}
