package servertest

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

//go:embed connect/pom.xml
var connectPOM string

//go:embed connect/worker.xml
var connectWorkerPOM string

// InstallConnect fetches the jars of Kafka Connect's converters and transforms
// and of an Avro converter, unless they are there, and returns their folder.
// No test needs them; benchmarks do.
func InstallConnect(ctx context.Context) (string, error) {
	return install(ctx, recipe{
		name: "connect", version: kafkaVersion, files: connectPOM,
		build: func(ctx context.Context, dir string) error { return mavenJars(ctx, connectPOM, dir) },
	})
}

// InstallConnectWorker fetches the jars of Kafka Connect's worker and of its
// file connectors, unless they are there, and returns their folder.
func InstallConnectWorker(ctx context.Context) (string, error) {
	return install(ctx, recipe{
		name: "connect-worker", version: kafkaVersion, files: connectWorkerPOM + kafkaLog4j,
		build: func(ctx context.Context, dir string) error {
			if err := mavenJars(ctx, connectWorkerPOM, filepath.Join(dir, "lib")); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "log4j2.yaml"), []byte(kafkaLog4j), 0o644)
		},
	})
}

// ConnectWorker is an Apache Kafka Connect worker in standalone mode: one
// process, its REST interface on loopback.
type ConnectWorker struct {
	*server
	port int
}

// Connect starts a Kafka Connect worker with connectors, each by its properties
// as a standalone worker's file has them. worker lays properties over those that
// it needs to run at all, such as offset.flush.interval.ms; plug-ins of Kafka's
// own are on its class path. It is stopped when the test ends.
func Connect(t testing.TB, b *Broker, worker map[string]string, connectors ...map[string]string) *ConnectWorker {
	t.Helper()
	needServers(t, "Kafka Connect worker")
	home, err := InstallConnectWorker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ports, err := freePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	c := &ConnectWorker{port: ports[0], server: &server{name: "connect", dir: t.TempDir()}}
	properties := map[string]string{
		"bootstrap.servers":            b.Addr(),
		"listeners":                    "http://" + loopback(c.port),
		"key.converter":                "org.apache.kafka.connect.storage.StringConverter",
		"value.converter":              "org.apache.kafka.connect.storage.StringConverter",
		"offset.storage.file.filename": filepath.Join(c.dir, "offsets"),
		"offset.flush.interval.ms":     "500",
		"plugin.discovery":             "service_load",
	}
	maps.Copy(properties, worker)
	files := []string{c.write(t, "worker.properties", properties)}
	for i, conn := range connectors {
		files = append(files, c.write(t, fmt.Sprintf("connector%d.properties", i), conn))
	}
	c.ready = c.isReady
	c.command = func() *exec.Cmd {
		args := append([]string{"-Xms64m", "-Xmx256m"}, kafkaJVM...)
		return exec.Command(b.java, append(args, kafkaArgs(home, "org.apache.kafka.connect.cli.ConnectStandalone", files...)...)...)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.stopAfter(t)
	return c
}

// write makes a properties file. What Java would read as an escape is doubled.
func (c *ConnectWorker) write(t testing.TB, name string, properties map[string]string) string {
	t.Helper()
	var text strings.Builder
	for _, k := range slices.Sorted(maps.Keys(properties)) {
		fmt.Fprintf(&text, "%s=%s\n", k, strings.ReplaceAll(properties[k], `\`, `\\`))
	}
	path := filepath.Join(c.dir, name)
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		t.Fatalf("servertest: write the worker's properties: %v", err)
	}
	return path
}

// URL is the worker's REST interface.
func (c *ConnectWorker) URL() string { return "http://" + loopback(c.port) }

func (c *ConnectWorker) isReady(ctx context.Context) error {
	var names []string
	return c.Get(ctx, "/connectors", &names)
}

// Get reads what the REST interface has at a path.
func (c *ConnectWorker) Get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL()+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New("servertest: Kafka Connect answers " + resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
