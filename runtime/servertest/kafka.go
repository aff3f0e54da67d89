package servertest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// KafkaVersion is the version in kafka/pom.xml.
const KafkaVersion = "4.3.1"

//go:embed kafka/pom.xml
var kafkaPOM string

//go:embed kafka/broker.properties
var kafkaProperties string

//go:embed kafka/log4j2.yaml
var kafkaLog4j string

// kafkaJVM are the flags of Kafka's own start script.
var kafkaJVM = []string{"-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20",
	"-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent", "-Djava.awt.headless=true"}

// Broker is an Apache Kafka broker: one process, on loopback, in the clear
// unless listeners were added.
type Broker struct {
	*server
	java      string
	home      string // of the jars
	port      int
	listeners []listener // that were added
	clock     string     // the file that says what time it is; "": the machine's
	ownsDir   bool       // dir is removed by Close
}

// listener is one more way into a broker.
type listener struct {
	name, protocol string
	port           int
	told           string // to clients, where it is not where the broker listens
}

// KafkaOption changes a broker before it starts.
type KafkaOption func(*kafkaConfig)

type kafkaConfig struct {
	dir, heap string
	extra     []string // properties
	listeners []listener
	clock     bool
}

// KafkaProperty sets one property of the broker, such as message.max.bytes.
func KafkaProperty(key, value string) KafkaOption {
	return func(c *kafkaConfig) { c.extra = append(c.extra, key+"="+value) }
}

// KafkaListener adds a listener with a port of its own (see [Broker.Listener])
// beside the one in the clear. protocol is SSL, SASL_SSL, or SASL_PLAINTEXT;
// what it needs is set with KafkaProperty, under listener.name.<name>.
func KafkaListener(name, protocol string) KafkaOption {
	return func(c *kafkaConfig) { c.listeners = append(c.listeners, listener{name: name, protocol: protocol}) }
}

// KafkaHeap sets the broker's heap; the default is "512m".
func KafkaHeap(size string) KafkaOption { return func(c *kafkaConfig) { c.heap = size } }

// KafkaDir sets the folder of the broker's data and log; the default
// is a temporary one.
func KafkaDir(dir string) KafkaOption { return func(c *kafkaConfig) { c.dir = dir } }

// Kafka starts a broker of the test's own, which may kill and pause it. It is
// stopped when the test ends.
func Kafka(t testing.TB, opts ...KafkaOption) *Broker {
	t.Helper()
	needServers(t, "Kafka broker")
	opts = append([]KafkaOption{KafkaDir(t.TempDir())}, opts...)
	b, err := StartKafka(t.Context(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	b.stopAfter(t)
	return b
}

// StartKafka starts a broker for a program that is no test; Close ends it.
func StartKafka(ctx context.Context, opts ...KafkaOption) (*Broker, error) {
	c := kafkaConfig{heap: "512m"}
	for _, o := range opts {
		o(&c)
	}
	home, err := InstallKafka(ctx)
	if err != nil {
		return nil, err
	}
	java, err := needProgram("java", "openjdk-17-jre-headless")
	if err != nil {
		return nil, err
	}
	ownsDir := c.dir == ""
	if ownsDir {
		if c.dir, err = tempDir("kafka"); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return nil, fmt.Errorf("servertest: make the broker's folder: %w", err)
	}
	b := &Broker{java: java, home: home, listeners: c.listeners, ownsDir: ownsDir, server: &server{name: "kafka", dir: c.dir}}
	b.ready = b.isReady
	var env []string
	if c.clock {
		if env, err = b.ownClock(ctx); err != nil {
			return nil, err
		}
	}
	b.command = func() *exec.Cmd {
		args := append([]string{"-Xms256m", "-Xmx" + c.heap}, kafkaJVM...)
		cmd := exec.Command(java, append(args, kafkaArgs(home, "kafka.Kafka", filepath.Join(c.dir, "broker.properties"))...)...)
		cmd.Env = append(os.Environ(), env...)
		return cmd
	}
	if err := b.firstStart(c.extra); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// firstStart formats the data folder and starts, with other ports if somebody
// was quicker to take the first ones.
func (b *Broker) firstStart(extra []string) error {
	var err error
	for range 3 {
		var ports []int
		if ports, err = freePorts(2 + len(b.listeners)); err != nil {
			return err
		}
		b.port = ports[0]
		for i := range b.listeners {
			b.listeners[i].port = ports[2+i]
		}
		data := filepath.Join(b.dir, "data")
		if err = errors.Join(os.RemoveAll(data), os.CopyFS(data, os.DirFS(filepath.Join(b.home, "formatted")))); err != nil {
			return fmt.Errorf("servertest: make the broker's data folder: %w", err)
		}
		text := brokerProperties(data, ports[0], ports[1], b.listeners, extra...)
		if err = os.WriteFile(filepath.Join(b.dir, "broker.properties"), []byte(text), 0o644); err != nil {
			return fmt.Errorf("servertest: write the broker's properties: %w", err)
		}
		if err = b.Start(); err == nil || !strings.Contains(b.LogTail(50), "Address already in use") {
			return err
		}
	}
	return err
}

// isReady asks for the broker's metadata: a broker lists itself when the
// controller has let it in.
func (b *Broker) isReady(ctx context.Context) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()), kgo.RequestRetries(0))
	if err != nil {
		return err
	}
	defer cl.Close()
	brokers, err := kadm.NewClient(cl).ListBrokers(ctx)
	if err == nil && len(brokers) == 0 {
		err = errors.New("the cluster has no broker yet")
	}
	return err
}

// Addr is the broker's host:port; it stays the same over restarts.
func (b *Broker) Addr() string { return loopback(b.port) }

// Listener is the host:port of a listener that KafkaListener added; it stays
// the same over restarts.
func (b *Broker) Listener(name string) string {
	for _, l := range b.listeners {
		if l.name == name {
			return loopback(l.port)
		}
	}
	panic("servertest: the broker has no listener " + name)
}

// Close stops the broker and removes the data that StartKafka made a folder
// for.
func (b *Broker) Close() {
	b.stop()
	if b.ownsDir {
		_ = os.RemoveAll(b.dir)
	}
}

// Tool is a command that runs one of Kafka's own tools, by its class name.
func (b *Broker) Tool(class string, args ...string) *exec.Cmd {
	return exec.Command(b.java, kafkaArgs(b.home, class, args...)...)
}

// Client is a client of the broker for the length of the test. It takes a topic
// that the broker does not know for one that it has yet to hear of.
func (b *Broker) Client(t testing.TB, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(b.Addr()), kgo.UnknownTopicRetries(-1)}, opts...)...)
	if err != nil {
		t.Fatalf("servertest: make a Kafka client: %v", err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// CreateTopic makes a topic, with configs such as "max.message.bytes", "1000".
func (b *Broker) CreateTopic(t testing.TB, topic string, partitions int32, configs ...string) {
	t.Helper()
	set := map[string]*string{}
	for i := 0; i+1 < len(configs); i += 2 {
		set[configs[i]] = &configs[i+1]
	}
	cl := kadm.NewClient(b.Client(t))
	for begun := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		_, err := cl.CreateTopic(t.Context(), partitions, 1, set, topic)
		// A broker that was too busy to report to its controller is none for a while.
		if errors.Is(err, kerr.InvalidReplicationFactor) && time.Since(begun) < Patience {
			continue
		}
		if err != nil {
			t.Fatalf("servertest: create topic %s: %v", topic, err)
		}
		return
	}
}

// InstallKafka fetches the broker's jars, unless they are there, and returns
// their folder.
func InstallKafka(ctx context.Context) (string, error) {
	return install(ctx, recipe{
		name: "kafka", version: KafkaVersion,
		files: kafkaPOM + kafkaLog4j + kafkaProperties,
		build: buildKafka,
	})
}

// buildKafka fetches the jars and formats one data folder. Every broker gets a
// copy of that, which saves each start a second JVM.
func buildKafka(ctx context.Context, home string) error {
	if err := mavenJars(ctx, kafkaPOM, filepath.Join(home, "lib")); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(home, "log4j2.yaml"), []byte(kafkaLog4j), 0o644); err != nil {
		return err
	}
	java, err := needProgram("java", "openjdk-17-jre-headless")
	if err != nil {
		return err
	}
	file := filepath.Join(home, "format.properties")
	text := brokerProperties(filepath.Join(home, "formatted"), firstPort, firstPort+1, nil)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	const clusterID = "a2NnZW4tdGVzdC1icm9rZQ" // any 16 bytes, in base64
	args := kafkaArgs(home, "kafka.tools.StorageTool", "format", "-t", clusterID, "-c", file)
	if out, err := exec.CommandContext(ctx, java, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("format a data folder (Kafka needs Java 17 or later): %w\n%s", err, out)
	}
	return nil
}

// kafkaArgs is a java command line that runs a class of the installed jars.
func kafkaArgs(home, class string, args ...string) []string {
	return append([]string{"-Dlog4j2.configurationFile=" + filepath.Join(home, "log4j2.yaml"),
		"-cp", filepath.Join(home, "lib", "*"), class}, args...)
}

// brokerProperties is the broker's properties file.
func brokerProperties(data string, port, controllerPort int, more []listener, extra ...string) string {
	lines := append([]string{kafkaProperties,
		"log.dirs=" + data,
		"broker.heartbeat.interval.ms=500", // well within the session, so that a busy machine does not end it
		"controller.quorum.voters=1@" + loopback(controllerPort),
	}, listenerProperties(port, controllerPort, more)...)
	lines = append(lines, extra...)
	return strings.Join(lines, "\n") + "\n"
}

// listenerProperties says where the broker listens and what is spoken there,
// over what broker.properties says: the last of two equal keys wins.
func listenerProperties(port, controllerPort int, more []listener) []string {
	protocols := "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"
	own := "PLAINTEXT://" + loopback(port)
	told := own // to clients
	for _, l := range more {
		protocols += "," + l.name + ":" + l.protocol
		own += "," + l.name + "://" + loopback(l.port)
		told += "," + l.name + "://" + l.advertised()
	}
	return []string{"listener.security.protocol.map=" + protocols, "advertised.listeners=" + told,
		"listeners=" + own + ",CONTROLLER://" + loopback(controllerPort)}
}

// Unique makes a name that no other test or run uses.
func Unique(prefix string) string {
	return prefix + "-" + strconv.FormatUint(rand.Uint64(), 36)
}
