package runtime

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/preflight"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/transform"
)

// guarded is a pipeline with all that needs rights, and the cluster where it is
// to have them.
func guarded(t *testing.T) (Pipeline, *kfake.Cluster) {
	t.Helper()
	t.Setenv("CHECK_PASSWORD", "canary")
	c, err := kfake.NewCluster(kfake.NumBrokers(2), kfake.EnableACLs(), kfake.EnableSASL(),
		kfake.Superuser("PLAIN", "admin", "admin"), kfake.User("PLAIN", "shop", "canary"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	dir := t.TempDir()
	file := filepath.Join(dir, "in")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	text := convert.String{Encoding: "UTF-8"}
	return Pipeline{
		Name: "shop",
		Kafka: kafka.Cluster{Brokers: c.ListenAddrs(), SASL: &kafka.SASL{
			Mechanism: "PLAIN", Username: "shop", Password: secret.Ref("${env:CHECK_PASSWORD}"), AllowWithoutTLS: true}},
		Worker: Worker{Group: &Group{ID: "workers"}},
		Sources: []Source{{
			Name: "src", Connector: filestream.Source{File: file, Topic: "raw"}, TasksMax: 1, KeyConverter: text, ValueConverter: text,
			Transforms:    []Step{{Do: transform.RegexRouter{Regex: "raw", Replacement: "orders"}}},
			TopicCreation: &TopicCreation{Default: TopicDefaults{Partitions: 1, ReplicationFactor: 1}},
			ExactlyOnce:   &ExactlyOnce{},
		}},
		Sinks: []Sink{{
			Name: "snk", Topics: []string{"orders"}, Connector: filestream.Sink{File: filepath.Join(dir, "out")}, TasksMax: 1, KeyConverter: text, ValueConverter: text,
			Errors: Errors{Tolerance: "all", DeadLetterQueue: &DeadLetterQueue{TopicName: "letters", TopicReplicationFactor: 1}},
		}},
	}, c
}

func admin(t *testing.T, c *kfake.Cluster) *kadm.Client {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.SASL(plain.Auth{User: "admin", Pass: "admin"}.AsMechanism()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return kadm.NewClient(cl)
}

// give grants what the verb grants says.
func give(t *testing.T, a *kadm.Client, acls []preflight.ACL) {
	t.Helper()
	for _, r := range acls {
		b := builder(t, r)
		results, err := a.CreateACLs(t.Context(), b.Allow("User:shop").AllowHosts("*"))
		if err != nil || results[0].Err != nil {
			t.Fatal(err, results)
		}
	}
}

func take(t *testing.T, a *kadm.Client, r preflight.ACL) {
	t.Helper()
	results, err := a.DeleteACLs(t.Context(), builder(t, r).Allow("User:shop").AllowHosts("*"))
	if err != nil || results[0].Err != nil || len(results[0].Deleted) != 1 {
		t.Fatal(err, results)
	}
}

func builder(t *testing.T, r preflight.ACL) *kadm.ACLBuilder {
	t.Helper()
	op, err := kmsg.ParseACLOperation(r.Operation)
	if err != nil {
		t.Fatal(err)
	}
	b := kadm.NewACLs().Operations(op).ResourcePatternType(kadm.ACLPatternLiteral)
	if r.PatternType == "PREFIXED" {
		b.ResourcePatternType(kadm.ACLPatternPrefixed)
	}
	switch r.ResourceType {
	case "TOPIC":
		b.Topics(r.ResourceName)
	case "GROUP":
		b.Groups(r.ResourceName)
	case "TRANSACTIONAL_ID":
		b.TransactionalIDs(r.ResourceName)
	default:
		t.Fatalf("a right on %s", r.ResourceType)
	}
	return b
}

func checked(t *testing.T, p Pipeline) preflight.Report {
	t.Helper()
	r, err := Check(contextFor(t.Context(), 20*time.Second), p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func textOf(r preflight.Report) string {
	var b strings.Builder
	r.Text(&b)
	return b.String()
}

// With the rights that grants prints nothing is missing; each that is taken away
// is missed, by name and with what gives it back. And nothing is changed by it.
func TestCheckMissesEachRight(t *testing.T) {
	p, c := guarded(t)
	a := admin(t, c)
	g, err := GrantsOf(p, "")
	if err != nil {
		t.Fatal(err)
	}
	give(t, a, g.ACLs)
	before := standingOf(t, a)
	if r := checked(t, p); r.ExitCode() != 0 {
		t.Fatalf("with all rights:\n%s", textOf(r))
	}
	for _, r := range g.ACLs {
		if r.ResourceType == "GROUP" {
			continue // kfake lets everybody do it; the test with a real broker has them
		}
		take(t, a, r)
		got := checked(t, p)
		bad := slices.DeleteFunc(slices.Clone(got.Findings), func(f preflight.Finding) bool { return f.Status == preflight.OK })
		said := slices.ContainsFunc(bad, func(f preflight.Finding) bool {
			return strings.Contains(strings.ToUpper(f.Fix), "--OPERATION "+r.Operation) && strings.Contains(f.Fix, r.ResourceName)
		})
		optional := r.ResourceName == "orders" && r.Operation == "READ"
		if !said || got.ExitCode() != 1 && !optional {
			t.Errorf("without %s on %s %s: exit code %d\n%s", r.Operation, r.ResourceType, r.ResourceName, got.ExitCode(), textOf(got))
		}
		give(t, a, []preflight.ACL{r})
	}
	if after := standingOf(t, a); after != before {
		t.Errorf("before %s, after %s", before, after)
	}
}

// standingOf is all that a check could change.
func standingOf(t *testing.T, a *kadm.Client) string {
	t.Helper()
	topics, err := a.ListTopicsWithInternal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ends, err := a.ListEndOffsets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	groups, err := a.ListGroups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	txns, err := a.ListTransactions(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	ends.Each(func(o kadm.ListedOffset) { n += o.Offset })
	return fmt.Sprint(topics.Names(), n, groups.Groups(), txns.TransactionalIDs())
}

// Nothing that a check sends could change anything.
func TestCheckAsksOnly(t *testing.T) {
	p, c := guarded(t)
	a := admin(t, c)
	g, err := GrantsOf(p, "")
	if err != nil {
		t.Fatal(err)
	}
	give(t, a, g.ACLs)
	harmless := []kmsg.Key{kmsg.Metadata, kmsg.ApiVersions, kmsg.SASLHandshake, kmsg.SASLAuthenticate, kmsg.DescribeConfigs, kmsg.DescribeGroups, kmsg.Fetch, kmsg.Heartbeat}
	var odd []string
	c.Control(func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		ok := slices.Contains(harmless, kmsg.Key(r.Key()))
		switch r := r.(type) {
		case *kmsg.CreateTopicsRequest:
			ok = r.ValidateOnly
		case *kmsg.MetadataRequest:
			ok = !r.AllowAutoTopicCreation
		case *kmsg.ProduceRequest:
			ok = r.Topics[0].Partitions[0].Records == nil && r.TransactionID == nil
		case *kmsg.EndTxnRequest:
			ok = !r.Commit
		case *kmsg.HeartbeatRequest:
			ok = r.MemberID == "kcgen-check"
		}
		if !ok {
			odd = append(odd, kmsg.NameForKey(r.Key()))
		}
		return nil, nil, false
	})
	if r := checked(t, p); r.ExitCode() != 0 {
		t.Errorf("the check:\n%s", textOf(r))
	}
	if len(odd) > 0 {
		t.Errorf("it sent %v", odd)
	}
}

// A check says what else is wrong, and what mends it.
func TestCheckFindings(t *testing.T) {
	t.Setenv("CHECK_PASSWORD", "canary")
	p, c := guarded(t)
	a := admin(t, c)
	g, err := GrantsOf(p, "")
	if err != nil {
		t.Fatal(err)
	}
	give(t, a, g.ACLs)
	make := func(name string, partitions int32, policy string) {
		if r, err := a.CreateTopic(t.Context(), partitions, 1, map[string]*string{"cleanup.policy": &policy}, name); err != nil || r.Err != nil {
			t.Fatal(err, r.Err)
		}
	}
	make("connect-configs", 2, "delete")
	give(t, a, []preflight.ACL{{ResourceType: "TOPIC", ResourceName: "connect-configs", Operation: "DESCRIBE_CONFIGS"}})
	p.Sinks[0].Topics = []string{"nowhere"}
	p.Sources[0].Errors = Errors{Tolerance: "all", DeadLetterQueue: &DeadLetterQueue{TopicName: "many", TopicReplicationFactor: 9}}
	p.Sinks[0].Errors.DeadLetterQueue = &DeadLetterQueue{TopicName: "thin", TopicReplicationFactor: 1}
	give(t, a, []preflight.ACL{{ResourceType: "TOPIC", ResourceName: "many", Operation: "CREATE"}, {ResourceType: "TOPIC", ResourceName: "many", Operation: "WRITE"}, {ResourceType: "TOPIC", ResourceName: "nowhere", Operation: "READ"}})
	p.Sinks[0].Connector = filestream.Sink{File: "/does/not/exist/out"}
	got := textOf(checked(t, p))
	for _, want := range []string{
		"FAIL worker.group.configStorageTopic topic connect-configs has one partition: it has 2",
		"FAIL worker.group.configStorageTopic topic connect-configs has cleanup.policy=compact: it has delete",
		"--add-config cleanup.policy=compact",
		"warn sinks.snk topic nowhere is there: it is not; nothing comes from it",
		"fix: kafka-topics.sh --bootstrap-server",
		"INVALID_REPLICATION_FACTOR",
		"FAIL sinks.snk the principal may Write on the topic thin: it may not (its dead letters) fix: kafka-acls.sh",
		"FAIL sinks.snk file /does/not/exist/out can be appended to: /does/not/exist is not there fix: mkdir",
	} {
		if !strings.Contains(squeeze(got), want) {
			t.Errorf("it does not say %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "canary") {
		t.Error("it shows the password")
	}
}

// Who makes a topic that is not there, where the source does not say how.
func TestCheckWhoMakesTheTopic(t *testing.T) {
	for _, test := range []struct {
		auto string
		want string
		code int
	}{
		{"true", "ok sources.src topic t is not there and can be made", 0},
		{"false", "FAIL sources.src topic t is there: it is not, and nobody makes it: the source says no topicCreation, and the brokers have auto.create.topics.enable=false fix: kafka-topics.sh --bootstrap-server", 1},
		{"", "warn sources.src topic t is there: it is not, the source says no topicCreation, and the brokers do not tell whether they make it", 0},
	} {
		c, err := kfake.NewCluster(kfake.NumBrokers(1))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.ControlKey(int16(kmsg.DescribeConfigs), func(r kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			resp := r.ResponseKind().(*kmsg.DescribeConfigsResponse)
			about := kmsg.NewDescribeConfigsResponseResource()
			if test.auto == "" {
				about.ErrorCode = kerr.ClusterAuthorizationFailed.Code
			} else {
				setting := kmsg.NewDescribeConfigsResponseResourceConfig()
				setting.Name, setting.Value = "auto.create.topics.enable", &test.auto
				about.Configs = append(about.Configs, setting)
			}
			resp.Resources = append(resp.Resources, about)
			return resp, nil, true
		})
		text := convert.String{Encoding: "UTF-8"}
		p := Pipeline{Name: "p", Kafka: kafka.Cluster{Brokers: c.ListenAddrs()},
			Sources: []Source{{Name: "src", Connector: filestream.Source{Topic: "t"}, KeyConverter: text, ValueConverter: text}},
			Worker:  Worker{OffsetStorageReplicationFactor: 1}}
		if r := checked(t, p); !strings.Contains(squeeze(textOf(r)), test.want) || r.ExitCode() != test.code {
			t.Errorf("%q: %d\n%s", test.auto, r.ExitCode(), textOf(r))
		}
		if c.TopicInfo("t") != nil {
			t.Error("the topic was made")
		}
	}
}

func TestCheckWithoutABroker(t *testing.T) {
	p, _ := guarded(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // it takes connections, and answers nothing
	p.Kafka.Brokers = []string{l.Addr().String()}
	r, err := Check(contextFor(t.Context(), 300*time.Millisecond), p, Options{})
	if text := textOf(r); err != nil || r.ExitCode() != 3 || !strings.Contains(text, "no answer in time") {
		t.Errorf("%v, %d\n%s", err, r.ExitCode(), text)
	}
	p.Kafka.Brokers = []string{"${env:NOT_SET}"}
	if _, err := Check(t.Context(), p, Options{}); exitCode(err) != 1 || !strings.Contains(err.Error(), "NOT_SET") {
		t.Errorf("with a reference that is not set: %v", err)
	}
}

// The rights of a pipeline without a login, and with a shared one.
func TestGrants(t *testing.T) {
	p, _ := guarded(t)
	p.Kafka.Brokers = []string{"${env:NOT_SET}"}
	os.Unsetenv("CHECK_PASSWORD")
	p.Sinks[0].Topics, p.Sinks[0].TopicsRegex = nil, `orders\..*`
	g, err := GrantsOf(p, "")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	g.Text(&b)
	for _, want := range []string{
		"# sources.src: its records; sources.src: to see a transaction that the brokers have torn (KAFKA-20734)\nkafka-acls.sh --bootstrap-server \"$BOOTSTRAP_SERVER\" --add --allow-principal User:shop --operation Write --operation Create --operation Read --topic orders\n",
		"# sources.src: its transactions\nkafka-acls.sh --bootstrap-server \"$BOOTSTRAP_SERVER\" --add --allow-principal User:shop --operation Write --transactional-id workers-src-0\n",
		"--operation Read --resource-pattern-type prefixed --topic orders.\n",
		"--operation Read --group connect-snk\n",
		"--operation Write --operation Create --topic letters\n",
		"--operation Read --operation Write --operation Create --topic connect-offsets\n",
		"--operation Read --group workers\n",
		"--operation Read --operation Create --topic connect-configs\n",
		"--operation Read --operation Write --operation Create --topic connect-status\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(b.String())
	}
	p.Sources[0].Transforms = []Step{{Do: transform.RegexRouter{Regex: "raw", Replacement: "${env:NOT_SET}"}}}
	if g, err = GrantsOf(p, ""); err != nil || !slices.ContainsFunc(g.Notes, func(n string) bool {
		return strings.Contains(n, "sources.src: topics that it names only when records come")
	}) {
		t.Errorf("of a topic that is not known: %v, %v", err, g.Notes)
	}
	p.Sinks[0].Consumer = &kafka.Consumer{GroupID: "${env:NOT_SET}"}
	if _, err := GrantsOf(p, ""); err == nil || !strings.Contains(err.Error(), "environment variable NOT_SET is not set") {
		t.Errorf("of a group that is not known: %v", err)
	}
	p.Kafka.SASL = &kafka.SASL{Mechanism: "OAUTHBEARER"}
	if _, err := GrantsOf(p, ""); err == nil || !strings.Contains(err.Error(), "say -principal") {
		t.Errorf("of a login that only brokers know: %v", err)
	}
}

// The verbs, by their command lines.
func TestPreflightVerbs(t *testing.T) {
	p, c := guarded(t)
	verb := func(args ...string) (int, string, string) {
		t.Helper()
		return verbRun(t, p, args...)
	}
	for args, want := range map[string]string{
		"check -timeout 0s": "not positive", "check now": "unexpected argument", "check -nope": "not defined",
		"grants -principal shop": "say User:shop", "grants all": "unexpected argument",
	} {
		if code, out, errs := verb(strings.Fields(args)...); code != 2 || !strings.Contains(out+errs, want) {
			t.Errorf("%s: %d, %s%s", args, code, out, errs)
		}
	}
	for _, args := range []string{"check -h", "check help", "grants help"} {
		if code, _, errs := verb(strings.Fields(args)...); code != 0 || !strings.Contains(errs, "Exit codes") {
			t.Errorf("%s: %d, %s", args, code, errs)
		}
	}
	code, out, _ := verb("check", "-json", "-brokers", strings.Join(c.ListenAddrs(), ","))
	var report preflight.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 1 || len(report.Findings) < 10 || report.Pipeline != "shop" {
		t.Errorf("check -json: %d, %v, %s", code, err, out)
	}
	code, out, _ = verb("grants", "-json", "-principal", "User:other")
	var g preflight.Grants
	if err := json.Unmarshal([]byte(out), &g); err != nil || code != 0 || len(g.ACLs) < 10 || g.Principal != "User:other" {
		t.Errorf("grants -json: %d, %v, %s", code, err, out)
	}
}

func verbRun(t *testing.T, p Pipeline, args ...string) (code int, out, errs string) {
	t.Helper()
	return captured(t, func(stdout, stderr *os.File) int { return command(Member{Pipeline: p}, args, stdout, stderr) })
}
