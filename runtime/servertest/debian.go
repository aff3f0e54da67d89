package servertest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
)

// unpackDebian fetches a package of the system and unpacks it into a folder:
// nothing is installed.
func unpackDebian(ctx context.Context, dir, name string) error {
	for _, tool := range []string{"apt-get", "dpkg"} {
		if _, err := exec.LookPath(tool); errors.Is(err, exec.ErrNotFound) {
			return fmt.Errorf("no %s here: %s is had on Debian and its kin alone", tool, name)
		}
	}
	fetch := exec.CommandContext(ctx, "apt-get", "download", "-q", name)
	fetch.Dir = dir
	if out, err := fetch.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get download %s (it needs the network, and lists that apt-get update makes): %w\n%s", name, err, out)
	}
	debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(debs) != 1 {
		return fmt.Errorf("apt-get download %s gave %d files (%v)", name, len(debs), err)
	}
	if out, err := exec.CommandContext(ctx, "dpkg", "-x", debs[0], dir).CombinedOutput(); err != nil {
		return fmt.Errorf("dpkg -x %s: %w\n%s", debs[0], err, out)
	}
	return nil
}
