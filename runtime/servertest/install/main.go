// Command install fetches everything that the tests need beside Go: a Java
// runtime, Maven and Python from the system's packages (as root, on Debian and its
// kin), and the servers into the cache. What is there already is left alone.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"

	"kcgen.dev/runtime/servertest"
)

// programs are what the servers need, and the Debian packages that hold them.
var programs = []struct{ name, debianPackage string }{
	{"java", "openjdk-17-jre-headless"},
	{"mvn", "maven"},
	{"pip3", "python3-pip"},
	{"pg_createcluster", "postgresql"}, // the server itself is not in the PATH
	{"mariadbd", "mariadb-server"},
	{"systemd-analyze", "systemd"},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if err := installPackages(ctx, missingPackages()); err != nil {
		return err
	}
	for _, fetch := range []func(context.Context) (string, error){
		servertest.InstallKafka, servertest.InstallConnectWorker, servertest.InstallRegistry,
		servertest.InstallJavaAvro, servertest.InstallFastavro, servertest.InstallProtoc, servertest.InstallJSONSchema, servertest.InstallConnectClients,
		servertest.InstallFaketime, servertest.InstallDebezium, servertest.InstallPostgres,
		servertest.InstallPythonJudges, servertest.InstallGoJudges, servertest.InstallPromtool, servertest.InstallKubernetesSchemas,
	} {
		if _, err := fetch(ctx); err != nil {
			return err
		}
	}
	return nil
}

func missingPackages() []string {
	var missing []string
	for _, p := range programs {
		if _, err := exec.LookPath(p.name); err != nil {
			missing = append(missing, p.debianPackage)
		}
	}
	return missing
}

// installPackages installs by apt-get where it may, and else says what to do.
func installPackages(ctx context.Context, packages []string) error {
	if len(packages) == 0 {
		return nil
	}
	list := strings.Join(packages, " ")
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("install: the tests need Java 17, Maven and Python 3 with pip; install the packages %s (Debian's names) and run this again", list)
	}
	for _, args := range [][]string{{"update", "-q"}, append([]string{"install", "-q", "-y", "--no-install-recommends"}, packages...)} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil && args[0] == "install" {
			return fmt.Errorf("install: apt-get install %s: %w", list, err)
		}
	}
	return nil
}
