package e2e_test

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"kcgen.dev/runtime/servertest"
)

// sharedLab is a lab of one instance of a group that delivers exactly once.
type sharedLab struct {
	*secureLab
	workers string // the group
}

func (w *secureWorld) shared(t *testing.T, user string) *sharedLab {
	t.Helper()
	workers := servertest.Unique("workers")
	l := &sharedLab{w.lab(t, w.broker.Listener("SECURE"), map[string]string{"E2E_WORKERS": workers,
		"E2E_SASL": "PLAIN", "E2E_USER": user, "E2E_PASSWORD": rightPassword}), workers}
	l.env["E2E_OFFSETS"] = workers + "-offsets"
	return l
}

// topics are those that the instance shares with others.
func (l *sharedLab) topics() []string {
	return []string{l.workers + "-configs", l.workers + "-statuses", l.workers + "-offsets", l.workers + "-letters"}
}

// What a limited user needs, by resource.
var allRights = map[string][]kadm.ACLOperation{
	"topic": ops(kadm.OpRead, kadm.OpWrite), "group": ops(kadm.OpRead), "workers": ops(kadm.OpRead), "id": ops(kadm.OpWrite),
	"configs": ops(kadm.OpRead, kadm.OpWrite), "statuses": ops(kadm.OpRead, kadm.OpWrite), "offsets": ops(kadm.OpRead, kadm.OpWrite),
	"letters": ops(kadm.OpWrite),
}

// grant gives the limited user rights on resources of the lab.
func (l *sharedLab) grant(rights map[string][]kadm.ACLOperation) {
	l.t.Helper()
	for name, operations := range rights {
		on := kadm.NewACLs()
		switch name {
		case "topic":
			on.Topics(l.topic)
		case "group":
			on.Groups(l.env["E2E_GROUP"])
		case "workers":
			on.Groups(l.workers)
		case "id":
			on.TransactionalIDs(l.workers + "-e2e-secure-source-0")
		default:
			on.Topics(l.workers + "-" + name)
		}
		l.allow(operations, on)
	}
}

// make makes the shared topics but one, with a record in each that is nothing
// to the instance.
func (l *sharedLab) make(but string) {
	l.t.Helper()
	for _, topic := range l.topics() {
		if topic == l.workers+"-"+but {
			continue
		}
		l.broker.CreateTopic(l.t, topic, 1, "cleanup.policy", "compact")
		if err := l.producer.ProduceSync(l.t.Context(), &kgo.Record{Topic: topic, Key: []byte("session-key"), Value: []byte("{}")}).FirstErr(); err != nil {
			l.t.Fatal(err)
		}
	}
}

// groupRights takes one right at a time from an instance of a group. What is
// missing is said, nothing is written that should not be, and with the right a
// new start delivers all, once.
func (w *secureWorld) groupRights(t *testing.T) {
	for _, test := range []struct {
		name     string
		resource string
		rights   []kadm.ACLOperation // what is left on the resource
		missing  bool                // the topic is not there
		then     []kadm.ACLOperation // what is granted in the end; by default all
		code     int
		says     string // NAME stands for the group's
	}{
		{"worker group", "workers", nil, false, nil, 1, "grant the principal Read on the group (see worker.group.id)"},
		{"worker group, Describe alone", "workers", ops(kadm.OpDescribe), false, nil, 1, "grant the principal Read on the group (see worker.group.id)"},
		{"sink's group, Describe alone", "group", ops(kadm.OpDescribe), false, nil, 1, "grant the principal Read on the group"},
		{"transactional id, Describe alone", "id", ops(kadm.OpDescribe), false, nil, 1, "grant the principal Write and Describe on the transactional id NAME-e2e-secure-source-0"},
		{"transactional id", "id", nil, false, nil, 1, "grant the principal Write and Describe on the transactional id NAME-e2e-secure-source-0"},
		{"topic, Write", "topic", ops(kadm.OpRead), false, nil, 1, "grant the principal Write on the topic"},
		{"offsets, all", "offsets", nil, false, nil, 1, "grant the principal Describe on the topic NAME-offsets"},
		{"offsets, Read", "offsets", ops(kadm.OpWrite), false, nil, 1, "grant the principal Read and Describe on the topic NAME-offsets"},
		{"offsets, Write", "offsets", ops(kadm.OpRead), false, nil, 1, "grant the principal Write on the topic NAME-offsets"},
		{"offsets, Create", "offsets", ops(kadm.OpRead, kadm.OpWrite), true, ops(kadm.OpCreate), 1, "grant the principal Create on the topic NAME-offsets"},
		{"config, all", "configs", nil, false, nil, 1, "grant the principal Describe on the topic NAME-configs"},
		{"config, Read", "configs", ops(kadm.OpWrite), false, nil, 1, "grant the principal Read and Describe on the topic NAME-configs"},
		{"config, Create", "configs", ops(kadm.OpRead, kadm.OpWrite), true, ops(kadm.OpCreate), 1, "grant the principal Create on the topic NAME-configs"},
		{"status, Read", "statuses", ops(kadm.OpWrite), false, nil, 1, "grant the principal Read and Describe on the topic NAME-statuses"},
		// An instance that cannot tell others what its tasks are at runs them.
		{"status, Write", "statuses", ops(kadm.OpRead), false, nil, 0, "grant the principal Write on the topic NAME-statuses"},
		{"status, Create", "statuses", ops(kadm.OpRead, kadm.OpWrite), true, ops(kadm.OpCreate), 0, "grant the principal Create on the topic NAME-statuses"},
		{"dead letters, all", "letters", nil, false, nil, 1, "grant the principal Describe on the topic NAME-letters"},
		{"dead letters, Create", "letters", ops(kadm.OpWrite), true, ops(kadm.OpCreate), 1, "grant the principal Create on the topic NAME-letters"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := w.shared(t, "limited")
			missing := ""
			if test.missing {
				missing = test.resource
			}
			l.make(missing)
			rights := maps.Clone(allRights)
			rights[test.resource] = test.rights
			l.grant(rights)
			l.ends(test.code, "forever", strings.ReplaceAll(test.says, "NAME", l.workers))
			if test.code == 0 {
				l.exact(l.checkTopic(100))
				return
			}
			then := test.then
			if then == nil {
				then = allRights[test.resource]
			}
			l.grant(map[string][]kadm.ACLOperation{test.resource: then})
			l.moves()
		})
	}
}

// noWrite has a principal that may write to no topic at all, and so gets no
// producer id (IDEMPOTENT_WRITE is Write on any topic since Kafka 2.8).
func (w *secureWorld) noWrite(t *testing.T) {
	l := w.lab(t, w.broker.Listener("SECURE"), map[string]string{"E2E_SASL": "PLAIN", "E2E_USER": "reader", "E2E_PASSWORD": rightPassword})
	l.broker.CreateTopic(t, l.env["E2E_OFFSETS"], 1, "cleanup.policy", "compact")
	topics := []string{l.topic, l.env["E2E_OFFSETS"]}
	for _, topic := range topics {
		l.allow(ops(kadm.OpRead), kadm.NewACLs().Topics(topic))
	}
	l.allow(ops(kadm.OpRead), kadm.NewACLs().Groups(l.env["E2E_GROUP"]))
	l.ends(1, "forever", "FAILED", "e2e-secure-source", "CLUSTER_AUTHORIZATION_FAILED",
		"grant the principal Write on the topic "+l.topic+" (and on brokers before Kafka 2.8 IdempotentWrite on the cluster)")
	if n := l.end(); n > 0 {
		t.Errorf("%d records are in the topic", n)
	}
	for _, topic := range topics {
		l.allow(ops(kadm.OpWrite), kadm.NewACLs().Topics(topic))
	}
	l.moves()
}

// noCreate has a source that makes its topic, without the right to.
func (w *secureWorld) noCreate(t *testing.T) {
	l := w.lab(t, w.broker.Listener("SECURE"), map[string]string{"E2E_SASL": "PLAIN", "E2E_USER": "limited", "E2E_PASSWORD": rightPassword,
		"E2E_CREATE": "yes"})
	l.topic = servertest.Unique("made")
	l.env["E2E_TOPIC"] = l.topic
	l.broker.CreateTopic(t, l.env["E2E_OFFSETS"], 1, "cleanup.policy", "compact")
	rights := ops(kadm.OpRead, kadm.OpWrite)
	l.allow(rights, kadm.NewACLs().Topics(l.topic))
	l.allow(rights, kadm.NewACLs().Topics(l.env["E2E_OFFSETS"]))
	l.allow(ops(kadm.OpRead), kadm.NewACLs().Groups(l.env["E2E_GROUP"]))
	l.ends(1, "forever", "FAILED", "e2e-secure-source", "grant the principal Create on the topic "+l.topic)
	l.allow(ops(kadm.OpCreate), kadm.NewACLs().Topics(l.topic))
	l.moves()
}

// noLetters has a sink of which every record is bad, and which may look at its
// dead letter queue but not write there: the task is FAILED before an offset
// moves. With the right every record is in the queue.
func (w *secureWorld) noLetters(t *testing.T) {
	l := w.shared(t, "limited")
	l.env["E2E_JSON"] = "yes"
	l.make("letters")
	rights := maps.Clone(allRights)
	rights["letters"] = ops(kadm.OpDescribe)
	l.grant(rights)
	letters := l.workers + "-letters"
	l.broker.CreateTopic(t, letters, 1)
	l.ends(1, "forever", "FAILED", "e2e-secure-sink", "the dead letter queue cannot be written, so no offset moves past the record",
		"grant the principal Write on the topic "+letters)
	offsets, err := l.admin.FetchOffsets(t.Context(), l.env["E2E_GROUP"])
	if err != nil {
		t.Fatal(err)
	}
	if o, ok := offsets.Lookup(l.topic, 0); ok && o.At > 0 {
		t.Errorf("offset %d is committed, past records that are nowhere", o.At)
	}
	l.grant(map[string][]kadm.ACLOperation{"letters": allRights["letters"]})
	l.ends(0, "forever")
	l.exact(l.checkTopic(100))
	if n := len(l.records(letters)); n != 100 {
		t.Errorf("the dead letter queue holds %d records, want the 100 bad ones", n)
	}
	if n := l.outSize(); n > 0 {
		t.Errorf("%d bytes are in the file", n)
	}
}

// groupTopics has shared topics that would lose what they must keep: they are
// refused, with the command that mends them.
func (w *secureWorld) groupTopics(t *testing.T) {
	for _, test := range []struct {
		name, topic string
		partitions  int32
		policy      string
		says        string
	}{
		{"config, deleted", "configs", 1, "delete", "kafka-configs.sh --alter --entity-type topics --entity-name NAME-configs --add-config cleanup.policy=compact"},
		{"config, partitions", "configs", 2, "compact", "NAME-configs has 2 partitions, and records are in order in one alone; make it anew (kafka-topics.sh --delete --topic NAME-configs"},
		{"status, both", "statuses", 1, "compact,delete", "kafka-configs.sh --alter --entity-type topics --entity-name NAME-statuses"},
		{"offsets, deleted", "offsets", 3, "delete", "kafka-configs.sh --alter --entity-type topics --entity-name NAME-offsets"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := w.shared(t, "alice")
			topic := l.workers + "-" + test.topic
			l.broker.CreateTopic(t, topic, test.partitions, "cleanup.policy", test.policy)
			l.ends(1, "forever", strings.ReplaceAll(test.says, "NAME", l.workers))
			if l.outSize() > 0 {
				t.Error("records were moved")
			}
			if test.partitions == 2 {
				return
			}
			compact := "compact"
			altered, err := l.admin.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "cleanup.policy", Value: &compact}}, topic)
			for _, a := range altered {
				err = errors.Join(err, a.Err)
			}
			if err != nil {
				t.Fatal(err)
			}
			heard(t, "the policy", func() bool {
				described, err := l.admin.DescribeTopicConfigs(t.Context(), topic)
				return err == nil && slices.ContainsFunc(described[0].Configs, func(c kadm.Config) bool { return c.Key == "cleanup.policy" && c.MaybeValue() == compact })
			})
			l.moves()
		})
	}
}

// torn takes from the cluster what exactly-once delivery needs of it.
func (w *secureWorld) torn(t *testing.T) {
	level := func(level int16) {
		t.Helper()
		req := kmsg.NewPtrUpdateFeaturesRequest()
		f := kmsg.NewUpdateFeaturesRequestFeatureUpdate()
		f.Feature, f.MaxVersionLevel, f.UpgradeType, f.AllowDowngrade = "transaction.version", level, 1, false
		if level < 2 {
			f.UpgradeType, f.AllowDowngrade = 2, true
		}
		req.FeatureUpdates = append(req.FeatureUpdates, f)
		resp, err := req.RequestWith(t.Context(), w.broker.Client(t))
		if err != nil || resp.ErrorCode != 0 {
			t.Fatal(err, resp)
		}
		heard(t, "the feature's level", func() bool {
			resp, err := kmsg.NewPtrApiVersionsRequest().RequestWith(t.Context(), w.broker.Client(t))
			return err == nil && slices.ContainsFunc(resp.FinalizedFeatures, func(f kmsg.ApiVersionsResponseFinalizedFeature) bool {
				return f.Name == "transaction.version" && f.MaxVersionLevel == level
			})
		})
	}
	l := w.shared(t, "alice")
	level(1)
	l.ends(1, "forever", "exactlyOnce: the cluster's transactions can be torn", "transaction.version is 1, and 2 is needed",
		"kafka-features.sh upgrade --feature transaction.version=2")
	if n := l.end(); n > 0 {
		t.Errorf("%d records are in the topic", n)
	}
	level(2)
	l.moves()
}

// passwordChanges has a broker that asks for the login again refuse it: the
// sink fails as it would in Kafka Connect, with who was refused, and the source
// waits. A start with the right password loses nothing.
func (w *secureWorld) passwordChanges(t *testing.T) {
	w.password(t, "fickle", kadm.ScramSha512, rightPassword)
	l := w.lab(t, w.broker.Listener("SECURE"), map[string]string{"E2E_SASL": "SCRAM-SHA-512", "E2E_USER": "fickle", "E2E_PASSWORD": rightPassword})
	p := l.startIn(l.env, "-log-level", "debug")
	l.wait(p, "the first lines", l.written(100))
	w.password(t, "fickle", kadm.ScramSha512, wrongPassword)
	l.waitLog(p, "the task has failed")
	l.waitLog(p, "the broker refused the login by SCRAM-SHA-512 as the user \\\"fickle\\\" (see kafka.sasl.username and password)")
	l.write(100, 200)
	w.password(t, "fickle", kadm.ScramSha512, rightPassword)
	l.wait(p, "the lines after the password came back", func() bool { return l.end() >= 200 })
	_ = p.Stop(stopGrace) // not 0: a task has failed
	next := l.startIn(l.env)
	l.wait(next, "all lines", l.written(200))
	l.stop(next)
	l.complete(l.checkTopic(200))
	l.complete(l.checkOut(200))
	log, err := p.Log()
	if err != nil {
		t.Fatal(err)
	}
	l.noSecret(log)
}

// passwordIsReplaced has the broker refuse the password until the file of the
// reference holds the new one. The process goes on: the task that is started
// again takes it up, and with it the source, which nobody started again.
func (w *secureWorld) passwordIsReplaced(t *testing.T) {
	const newPassword = "canary-new-password"
	file := filepath.Join(t.TempDir(), "secret.properties")
	keep := func(password string) { writeFile(t, file, []byte("password="+password+"\n")) }
	keep(rightPassword)
	w.password(t, "fickle", kadm.ScramSha512, rightPassword)
	l := w.lab(t, w.broker.Listener("SECURE"), map[string]string{"E2E_SASL": "SCRAM-SHA-512", "E2E_USER": "fickle", "E2E_PASSWORD_FILE": file})
	p := l.startIn(l.env, "-log-level", "debug")
	l.wait(p, "the first lines", l.written(100))
	w.password(t, "fickle", kadm.ScramSha512, newPassword)
	l.waitLog(p, "the task has failed")
	l.write(100, 200)
	keep(newPassword)
	l.wait(p, "the lines behind the new password", l.written(200))
	_ = p.Stop(stopGrace)
	l.complete(l.checkTopic(200))
	l.complete(l.checkOut(200))
	log, err := p.Log()
	if err != nil {
		t.Fatal(err)
	}
	l.noSecret(log)
}
