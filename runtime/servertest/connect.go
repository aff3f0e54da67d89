package servertest

import (
	"context"
	_ "embed"
	"encoding/json"
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
		name: "connect", version: KafkaVersion, files: connectPOM,
		build: func(ctx context.Context, dir string) error { return mavenJars(ctx, connectPOM, dir) },
	})
}

// InstallConnectWorker fetches the jars of Kafka Connect's worker and of its
// file connectors, unless they are there, and returns their folder.
func InstallConnectWorker(ctx context.Context) (string, error) {
	return install(ctx, recipe{
		name: "connect-worker", version: KafkaVersion, files: connectWorkerPOM + kafkaLog4j,
		build: func(ctx context.Context, dir string) error {
			if err := mavenJars(ctx, connectWorkerPOM, filepath.Join(dir, "lib")); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "log4j2.yaml"), []byte(kafkaLog4j), 0o644)
		},
	})
}

// ConnectWorker is an Apache Kafka Connect worker: one process, its REST
// interface on loopback.
type ConnectWorker struct {
	*server
	java, home string
	port       int
	ownsDir    bool // dir is removed by Close
}

// Connect starts a Kafka Connect worker in standalone mode with connectors, each
// by its properties as a standalone worker's file has them. worker lays
// properties over those that it needs to run at all, such as
// offset.flush.interval.ms; plug-ins of Kafka's own are on its class path. It is
// stopped when the test ends.
func Connect(t testing.TB, b *Broker, worker map[string]string, connectors ...map[string]string) *ConnectWorker {
	t.Helper()
	c := connectWorker(t, b)
	files, err := c.standalone(b, worker, connectors)
	if err != nil {
		t.Fatal(err)
	}
	c.startClass(t, connectStandalone, files)
	return c
}

// The classes that a worker starts with.
const (
	connectStandalone  = "org.apache.kafka.connect.cli.ConnectStandalone"
	connectDistributed = "org.apache.kafka.connect.cli.ConnectDistributed"
)

// connectWorker is a worker that has yet to start, for the length of a test.
func connectWorker(t testing.TB, b *Broker) *ConnectWorker {
	t.Helper()
	needServers(t, "Kafka Connect worker")
	c, err := newConnectWorker(t.Context(), b, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newConnectWorker(ctx context.Context, b *Broker, dir string) (*ConnectWorker, error) {
	home, err := InstallConnectWorker(ctx)
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	c := &ConnectWorker{java: b.java, home: home, port: ports[0], server: &server{name: "connect", dir: dir}}
	c.ready = c.isReady
	return c, nil
}

// startClass starts the worker by a class and its arguments.
func (c *ConnectWorker) startClass(t testing.TB, class string, files []string) {
	t.Helper()
	c.runs(class, files)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.stopAfter(t)
}

// runs says what starts the worker: a class and its arguments.
func (c *ConnectWorker) runs(class string, files []string) {
	c.command = func() *exec.Cmd {
		args := append([]string{"-Xms64m", "-Xmx256m"}, kafkaJVM...)
		return exec.Command(c.java, append(args, kafkaArgs(c.home, class, files...)...)...)
	}
}

// essential are the properties without which no worker runs, with more laid over
// them.
func (c *ConnectWorker) essential(b *Broker, more ...map[string]string) map[string]string {
	properties := map[string]string{
		"bootstrap.servers":        b.Addr(),
		"listeners":                "http://" + loopback(c.port),
		"key.converter":            "org.apache.kafka.connect.storage.StringConverter",
		"value.converter":          "org.apache.kafka.connect.storage.StringConverter",
		"offset.flush.interval.ms": "500",
		"plugin.discovery":         "service_load",
	}
	for _, m := range more {
		maps.Copy(properties, m)
	}
	return properties
}

// standalone writes the files of a standalone worker.
func (c *ConnectWorker) standalone(b *Broker, worker map[string]string, connectors []map[string]string) ([]string, error) {
	own := map[string]string{"offset.storage.file.filename": filepath.Join(c.dir, "offsets")}
	file, err := c.write("worker.properties", c.essential(b, own, worker))
	files := []string{file}
	for i, conn := range connectors {
		if err == nil {
			file, err = c.write(fmt.Sprintf("connector%d.properties", i), conn)
			files = append(files, file)
		}
	}
	return files, err
}

// ConnectProgram is a standalone worker that a benchmark starts by itself.
type ConnectProgram struct {
	Dir        string   // an empty folder of its files
	JVM        []string // flags such as -Xmx2g
	ClassPath  []string // beside Kafka's own jars
	Worker     map[string]string
	Connectors []map[string]string
}

// Command writes the worker's files and gives its command line.
func (p ConnectProgram) Command(ctx context.Context, b *Broker) (*exec.Cmd, error) {
	c, err := newConnectWorker(ctx, b, p.Dir)
	if err != nil {
		return nil, err
	}
	files, err := c.standalone(b, p.Worker, p.Connectors)
	if err != nil {
		return nil, err
	}
	args := kafkaArgs(c.home, connectStandalone, files...)
	for i := range args {
		if args[i] == "-cp" {
			args[i+1] = strings.Join(append([]string{args[i+1]}, p.ClassPath...), string(os.PathListSeparator))
		}
	}
	return exec.Command(c.java, append(slices.Clone(p.JVM), args...)...), nil
}

// write makes a properties file. What Java would read as an escape is doubled.
func (c *ConnectWorker) write(name string, properties map[string]string) (string, error) {
	var text strings.Builder
	for _, k := range slices.Sorted(maps.Keys(properties)) {
		fmt.Fprintf(&text, "%s=%s\n", k, strings.ReplaceAll(properties[k], `\`, `\\`))
	}
	path := filepath.Join(c.dir, name)
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		return "", fmt.Errorf("servertest: write the worker's properties: %w", err)
	}
	return path, nil
}

// Close stops the worker and removes the files of one that no test started.
func (c *ConnectWorker) Close() {
	c.stop()
	if c.ownsDir {
		_ = os.RemoveAll(c.dir)
	}
}

// URL is the worker's REST interface.
func (c *ConnectWorker) URL() string { return "http://" + loopback(c.port) }

func (c *ConnectWorker) isReady(ctx context.Context) error {
	var names []string
	return c.Get(ctx, "/connectors", &names)
}

// Get reads what the REST interface has at a path.
func (c *ConnectWorker) Get(ctx context.Context, path string, into any) error {
	return getJSON(ctx, c.URL()+path, into)
}

// getJSON reads what a server has at a URL.
func getJSON(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("servertest: %s answers %s", url, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
