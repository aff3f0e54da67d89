package servertest

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
)

// pipInstall installs Python modules into a folder by the ordinary pip client.
func pipInstall(ctx context.Context, dir string, args ...string) error {
	python, err := needProgram("python3", "python3-pip")
	if err != nil {
		return err
	}
	args = append([]string{"-m", "pip", "install", "-q", "--target", dir}, args...)
	if out, err := exec.CommandContext(ctx, python, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("fetch %s with pip (it needs the network, and Debian's python3-pip): %w\n%s", args[len(args)-1], err, bytes.TrimSpace(out))
	}
	return nil
}
