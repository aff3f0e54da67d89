package servertest

import (
	"context"
	"os"
	"os/exec"
	"testing"
)

// The clients of Kafka Connect's REST API that ConnectClient installs.
const (
	connectPyVersion  = "kafka-connect-py==1.0.0"
	connectAPIVersion = "kafka-connect-api==0.5.10"
)

// ConnectClient runs a Python script that may import kafka_connect and
// kafka_connect_api, two clients of Kafka Connect's REST API that others have
// written, and returns what it prints.
func ConnectClient(t testing.TB, script string, args ...string) []byte {
	t.Helper()
	needServers(t, "client of Kafka Connect's REST API")
	dir, err := InstallConnectClients(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "python3", append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+dir, "PYTHONIOENCODING=utf-8", "NO_PROXY=127.0.0.1")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("servertest: run %s: %v\n%s", script, err, out)
	}
	return out
}

// InstallConnectClients fetches the clients, unless they are there, and returns
// the folder to find them in.
func InstallConnectClients(ctx context.Context) (string, error) {
	return install(ctx, recipe{name: "connectclients", version: "1", files: connectPyVersion + " " + connectAPIVersion, build: func(ctx context.Context, dir string) error {
		return pipInstall(ctx, dir, connectPyVersion, connectAPIVersion)
	}})
}
