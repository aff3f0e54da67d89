package servertest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// mavenJars copies the jars of a pom, and all that they need, into dir.
func mavenJars(ctx context.Context, pom, dir string) error {
	return maven(ctx, pom, "copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+dir)
}

// maven runs a goal of the dependency plugin on a pom.
func maven(ctx context.Context, pom, goal string, args ...string) error {
	mvn, err := needProgram("mvn", "maven")
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "kcgen-mvn-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	file := filepath.Join(work, "pom.xml")
	if err := os.WriteFile(file, []byte(pom), 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, mvn, append([]string{"-q", "-B", "-f", file, "dependency:" + goal}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("fetch jars with mvn (it needs the network, or a ~/.m2 that has them): %w\n%s", err, bytes.TrimSpace(out))
	}
	return nil
}
