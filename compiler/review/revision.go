package review

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// maxTree bounds what is taken of one revision, in bytes.
const maxTree = 2 << 30

// Revision writes the files of a git revision into a folder. The work tree, the
// index and the repository stay as they are. It answers where in the tree dir
// is: "" at its top.
func Revision(ctx context.Context, dir, rev, into string) (prefix string, err error) {
	if rev == "" || strings.HasPrefix(rev, "-") {
		return "", fmt.Errorf("review: %q is no git revision", rev)
	}
	top, err := git(ctx, dir, "rev-parse", "--show-toplevel")
	if err != nil {
		return "", err
	}
	if prefix, err = git(ctx, dir, "rev-parse", "--show-prefix"); err != nil {
		return "", err
	}
	id, err := git(ctx, dir, "rev-parse", "--verify", "--quiet", rev+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("review: git knows no revision %q", rev)
	}
	cmd := exec.CommandContext(ctx, "git", "-C", top, "archive", "--format=tar", id)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", fmt.Errorf("review: git archive: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("review: git archive: %w", err)
	}
	unpacked := unpack(io.LimitReader(out, maxTree), into)
	if unpacked != nil {
		cmd.Process.Kill()
	}
	if err := cmd.Wait(); unpacked == nil && err != nil {
		return "", fmt.Errorf("review: git archive %s: %s", rev, strings.TrimSpace(said.String()))
	}
	return filepath.FromSlash(prefix), unpacked
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return "", fmt.Errorf("review: git %s: %s", args[0], strings.TrimSpace(string(exit.Stderr)))
	case err != nil:
		return "", fmt.Errorf("review: git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// unpack writes the files and folders of an archive. Links are left out but for
// those that stay inside: the loader follows no other.
func unpack(r io.Reader, into string) error {
	root, err := os.OpenRoot(into)
	if err != nil {
		return fmt.Errorf("review: unpack the revision: %w", err)
	}
	defer root.Close()
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = entry(root, h, in)
		}
		if err != nil {
			return fmt.Errorf("review: unpack the revision: %w", err)
		}
	}
}

func entry(root *os.Root, h *tar.Header, in io.Reader) error {
	name := filepath.FromSlash(path.Clean(h.Name))
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeSymlink:
		if !filepath.IsLocal(filepath.Join(filepath.Dir(name), filepath.FromSlash(h.Linkname))) || filepath.IsAbs(h.Linkname) {
			return nil
		}
		return root.Symlink(h.Linkname, name)
	case tar.TypeReg:
		f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, in)
		return errors.Join(err, f.Close())
	}
	return nil
}
