package servertest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// CacheEnv is the environment variable that moves the cache of installed
// servers; its default is kcgen/servers in the user's cache folder.
const CacheEnv = "KCGEN_SERVERS"

// recipe says how one version of a server is installed.
type recipe struct {
	name, version string
	// files is what the result depends on besides the version (a pom.xml): a
	// change of it is an installation of its own.
	files string
	// build fills the empty folder dir.
	build func(ctx context.Context, dir string) error
}

// cacheDir is the folder of all installed servers.
func cacheDir() (string, error) {
	if dir := os.Getenv(CacheEnv); dir != "" {
		return filepath.Abs(dir)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("servertest: find a cache folder (or set %s): %w", CacheEnv, err)
	}
	return filepath.Join(base, "kcgen", "servers"), nil
}

// install returns the folder of an installed server, making it if this machine
// has none. Any number of processes may ask at once: one installs, the others
// wait for it. A folder is renamed into place when it is whole, so that an
// installation that was cut off is never taken for a good one.
func install(ctx context.Context, r recipe) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("servertest: make the cache folder: %w", err)
	}
	sum := sha256.Sum256([]byte(r.files))
	dir := filepath.Join(cache, r.name+"-"+r.version+"-"+hex.EncodeToString(sum[:4]))

	unlock, err := lockFile(dir + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("servertest: look for %s: %w", r.name, err)
	}

	fmt.Fprintf(os.Stderr, "servertest: installing %s %s into %s\n", r.name, r.version, dir)
	half := dir + ".part"
	if err := errors.Join(os.RemoveAll(half), os.Mkdir(half, 0o755)); err != nil {
		return "", fmt.Errorf("servertest: install %s: %w", r.name, err)
	}
	if err := r.build(ctx, half); err != nil {
		return "", fmt.Errorf("servertest: install %s %s: %w", r.name, r.version, err)
	}
	if err := os.Rename(half, dir); err != nil {
		return "", fmt.Errorf("servertest: install %s: %w", r.name, err)
	}
	return dir, nil
}

// lockFile waits for the lock that the named file stands for. The kernel lets
// go of it when the process ends, in whatever way.
func lockFile(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("servertest: open the lock file: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("servertest: lock %s: %w", name, err)
	}
	return func() { f.Close() }, nil
}
