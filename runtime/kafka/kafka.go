// Package kafka is the runtime's way to Kafka, and the one place that knows
// the client library (franz-go): no type of it leaves the package.
//
//	kafka_gen.go   Cluster, Producer, Consumer: what the spec says (generated)
//	kafka.go       Conn: a cluster made ready to be used
//	login.go       how clients are let in, and anew   security.go  SASL   token.go  OAUTHBEARER tokens
//	writer.go      Writer, Batch: a producer   partition.go  its partitioner
//	share.go       what clients may hold of records
//	txn.go         Transactor: a producer with transactions
//	torn.go        ends that brokers left out
//	reader.go      Reader: a consumer group   behind.go  whether it has read all
//	truncated.go   whether a log that was cut off had records that were read
//	topics.go      metadata, creation of topics and their settings
//	fenced.go      waiting for brokers that a topic needs
//	log.go         Log: a compacted topic that instances share
//	logreader.go   reading it to an end   follow.go  and on   atomic.go  writing it at once
//	journal.go     topics in which sources keep what is too long for an offset
//	groups.go      what groups there are, and their offsets
//	right.go       Right: what ACLs give   probe.go, probeask.go  whether the principal has it
//	wait.go        back-off, and waiting for a broker at the start
//	health.go      says in the log when brokers do not answer
package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Options are what a program adds to the spec's Cluster.
type Options struct {
	Log *slog.Logger // nil is silence
	// Dial opens connections instead of the system, for tests. It excludes TLS.
	Dial func(ctx context.Context, network, host string) (net.Conn, error)
	// Admin are the spec's settings of the Conn's own client; nil: none.
	Admin *Admin
	// Producers and Consumers are how many clients share what they may hold of
	// records; 0 is 1.
	Producers, Consumers int
}

// Conn makes the clients of one cluster. It holds one client of its own, for
// metadata, topics and the offsets, which connects when it is first used.
type Conn struct {
	login *login
	opts  Options
	log   *slog.Logger
	id    string // of its own clients
	base  []kgo.Opt
	admin *kgo.Client

	fencedTries int

	limits  *limits
	seekers *seekers

	mu        sync.Mutex
	clusterID string
}

// metadataMinAge is how long a client waits between two questions for topics and
// their leaders.
const metadataMinAge = 250 * time.Millisecond

// Connect checks the settings and reads the files that they name. It does not
// talk to a broker: see [Conn.Wait].
func Connect(c Cluster, opts Options) (*Conn, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	k := &Conn{opts: opts, log: opts.Log, fencedTries: fencedTries, limits: &limits{of: map[string]int32{}}, seekers: newSeekers()}
	var err error
	if k.login, err = newLogin("", c, opts.Log); err != nil {
		return nil, err
	}
	k.base = []kgo.Opt{
		kgo.SoftwareNameAndVersion("kcgen", "1"),
		kgo.WithLogger(debugLog{opts.Log}),
		kgo.RetryBackoffFn(backoff),
		kgo.MetadataMinAge(metadataMinAge), // find a moved leader soon
		kgo.DisableClientMetrics(),
	}
	if opts.Dial != nil {
		if c.TLS != nil {
			return nil, errors.New("kafka: Options.Dial excludes TLS")
		}
		k.base = append(k.base, kgo.Dialer(opts.Dial))
	}
	if k.id = c.ClientID; k.id == "" {
		k.id = "connect-worker"
	}
	k.admin, err = k.adminAs(k.login)
	return k, err
}

func (k *Conn) adminAs(l *login) (*kgo.Client, error) {
	return k.clientAs(l, k.id, append(k.opts.Admin.options(),
		kgo.ProducerLinger(0),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), // Java's hash of the key
		kgo.UnknownTopicRetries(-1),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	)...)
}

// as is a Conn whose own client has a's settings, and logs in as a says. What it
// finds out about topics k knows too.
func (k *Conn) as(a *Admin) (*Conn, error) {
	as := &Conn{login: k.login, opts: k.opts, log: k.log, id: k.id, base: k.base, fencedTries: k.fencedTries, limits: k.limits, seekers: k.seekers}
	as.opts.Admin = a
	own, err := k.login.own("admin", a.TLS, a.SASL)
	if err != nil {
		return nil, err
	}
	as.admin, err = as.adminAs(own)
	return as, err
}

// Over lays the settings of over, where they are given, on those of a.
func (a *Admin) Over(over *Admin) *Admin {
	if a == nil || over == nil {
		return cmp.Or(over, a)
	}
	both := *a
	set(&both.RequestTimeout, over.RequestTimeout)
	set(&both.TLS, over.TLS)
	set(&both.SASL, over.SASL)
	return &both
}

func (a *Admin) options() []kgo.Opt {
	if a == nil || a.RequestTimeout <= 0 {
		return nil
	}
	return []kgo.Opt{kgo.RequestTimeoutOverhead(a.RequestTimeout)}
}

// createTimeout is how long a broker may take to make a topic.
func (a *Admin) createTimeout() time.Duration {
	if a == nil || a.RequestTimeout <= 0 {
		return 15 * time.Second
	}
	return a.RequestTimeout
}

// client makes a client. It takes a broker that hangs up before its first answer
// for one that is away, as it is behind a proxy or a load balancer that takes
// connections for it: what a wrong setting can be is found out before, by Wait.
func (k *Conn) client(id string, opts ...kgo.Opt) (*kgo.Client, error) {
	return k.clientAs(k.login, id, opts...)
}

// clientAs makes one with a login of its own.
func (k *Conn) clientAs(l *login, id string, opts ...kgo.Opt) (*kgo.Client, error) {
	return k.pessimist(l, id, append([]kgo.Opt{kgo.AlwaysRetryEOF()}, opts...)...)
}

// pessimist makes a client that takes it for one that wants TLS or a login.
func (k *Conn) pessimist(l *login, id string, opts ...kgo.Opt) (*kgo.Client, error) {
	all := append([]kgo.Opt{kgo.ClientID(id)}, k.base...)
	all = append(all, l.options()...)
	cl, err := kgo.NewClient(append(all, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("kafka: settings of the client %s: %w", id, err)
	}
	return cl, nil
}

// Close lets go of the connections. It is the last thing that a stop does, and
// waits for a broker no longer than a moment.
func (k *Conn) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	closeWithin(ctx, k.admin.Close)
}

// ClientID is the client id of a connector's task: Kafka Connect's
// connector-<role>-<name>-<task>, or the spec's clientId in front of the name.
func (k *Conn) ClientID(role, name string, task int) string {
	prefix := k.login.now.Load().cluster.ClientID
	if prefix == "" {
		prefix = "connector-" + role
	}
	return prefix + "-" + name + "-" + strconv.Itoa(task)
}

// seedBrokers takes apart strings of several hosts, and adds Kafka's port where
// there is none.
func seedBrokers(brokers []string) ([]string, error) {
	var seeds []string
	for _, s := range brokers {
		for b := range strings.SplitSeq(s, ",") {
			b = strings.TrimSpace(b)
			if b == "" {
				continue
			}
			host, port, err := net.SplitHostPort(b)
			if err != nil {
				host, port = strings.Trim(b, "[]"), "9092"
			}
			if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || host == "" || strings.ContainsAny(host, "/@ ") {
				return nil, fmt.Errorf("kafka: broker %q must be HOST:PORT", b)
			}
			seeds = append(seeds, net.JoinHostPort(host, port))
		}
	}
	if len(seeds) == 0 {
		return nil, errors.New("kafka: no brokers: kafka.brokers is empty")
	}
	return seeds, nil
}

// debugLog shows the client library's own log at level debug alone: what a
// user has to know is said by health and by returned errors.
type debugLog struct{ log *slog.Logger }

func (d debugLog) Level() kgo.LogLevel {
	if d.log.Enabled(context.Background(), slog.LevelDebug) {
		return kgo.LogLevelInfo
	}
	return kgo.LogLevelNone
}

func (d debugLog) Log(_ kgo.LogLevel, msg string, keyvals ...any) {
	d.log.Debug("kafka client: "+msg, keyvals...)
}

// closeWithin closes c, and leaves it behind when that takes too long: a
// client whose broker is gone may wait for an answer that never comes.
func closeWithin(ctx context.Context, c func()) {
	done := make(chan struct{})
	go func() { defer close(done); c() }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
