package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"kcgen.dev/runtime/preflight"
	"kcgen.dev/runtime/servertest"
)

// grants runs a pipeline of a source and a sink, a dead letter queue and
// exactly-once delivery with the rights that its verb grants prints, and no
// other: on a cluster that has none of its topics. Of each right that is taken
// away the verb check says that it is missing, and what gives it back. A check
// changes nothing.
func (w *secureWorld) grants(t *testing.T) {
	t.Run("none is superfluous", func(t *testing.T) {
		t.Parallel()
		l := w.granted(t, nil)
		acls := l.acls()
		before := l.standing()
		l.checks(0, "topic "+l.topic+" is not there and can be made")
		for _, r := range acls {
			l.revoke(r)
			l.checks(1, "--operation "+r.Operation[:1]+strings.ToLower(r.Operation[1:]), r.ResourceName)
			l.give(r)
		}
		l.checks(0)
		if after := l.standing(); after != before {
			t.Errorf("before the checks %s, after them %s", before, after)
		}
		l.moves()
		l.checks(0, "topic "+l.topic+" is there, with 1 partitions")
	})
	t.Run("they suffice for dead letters", func(t *testing.T) {
		t.Parallel()
		l := w.granted(t, map[string]string{"E2E_JSON": "yes"})
		l.ends(0, "forever")
		l.exact(l.checkTopic(100))
		if n := len(l.records(l.workers + "-letters")); n != 100 {
			t.Errorf("the dead letter queue holds %d records, want 100", n)
		}
	})
	t.Run("a check beside a running pipeline", func(t *testing.T) {
		t.Parallel()
		l := w.granted(t, nil)
		p := l.startIn(l.env, "-log-level", "debug")
		l.wait(p, "the first lines", l.written(100))
		for range 3 {
			l.checks(0)
		}
		l.write(100, 200)
		l.wait(p, "the lines behind the checks", l.written(200))
		l.stop(p)
		l.exact(l.checkTopic(200))
		l.exact(l.checkOut(200))
		log, err := p.Log()
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"fenced", "start over", "partitions were lost", "FAILED"} {
			if bytes.Contains(log, []byte(word)) {
				t.Errorf("the pipeline says %q", word)
			}
		}
	})
	t.Run("who is refused", func(t *testing.T) {
		t.Parallel()
		l := w.shared(t, "limited")
		l.env["E2E_PASSWORD"] = wrongPassword
		l.checks(1, "refused the login by PLAIN as the user \"limited\"")
		l.env["E2E_BROKERS"] = "127.0.0.1:1"
		l.checks(3, "no broker answered", "-timeout", "2s")
	})
}

// granted is a lab whose user has exactly the rights that the program asks for.
func (w *secureWorld) granted(t *testing.T, env map[string]string) *sharedLab {
	t.Helper()
	l := w.shared(t, "limited")
	l.topic = servertest.Unique("made")
	l.env["E2E_TOPIC"], l.env["E2E_CREATE"] = l.topic, "yes"
	for k, v := range env {
		l.env[k] = v
	}
	for _, r := range l.acls() {
		l.give(r)
	}
	return l
}

// acls are those of granted.
func (l *sharedLab) acls() []preflight.ACL {
	l.t.Helper()
	return l.granted().ACLs
}

// verb runs the program to its end.
func (l *sharedLab) verb(args ...string) (code int, out string) {
	l.t.Helper()
	cmd := exec.Command(l.binary(), args...)
	cmd.Env = os.Environ()
	for k, v := range l.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code, err = exit.ExitCode(), nil
	}
	if err != nil {
		l.t.Fatal(err)
	}
	l.noSecret(text)
	return code, string(text)
}

// granted is what the verb grants says, as data.
func (l *sharedLab) granted() preflight.Grants {
	l.t.Helper()
	code, out := l.verb("grants", "-json")
	var g preflight.Grants
	if err := json.Unmarshal([]byte(out), &g); err != nil || code != 0 || g.Principal != "User:limited" {
		l.t.Fatalf("grants: exit code %d, %v\n%s", code, err, out)
	}
	return g
}

// checks runs the verb check. Words that begin with "-" and what stands behind
// them are not: "-timeout" "2s" are its flags.
func (l *sharedLab) checks(code int, words ...string) {
	l.t.Helper()
	args := []string{"check"}
	if i := slices.Index(words, "-timeout"); i >= 0 {
		args = append(args, words[i:]...)
		words = words[:i]
	}
	got, out := l.verb(args...)
	if got != code {
		l.t.Errorf("check: exit code %d, want %d (of %q)\n%s", got, code, words, out)
	}
	for _, word := range words {
		if !strings.Contains(out, word) {
			l.t.Errorf("check does not say %q:\n%s", word, out)
		}
	}
}

func (l *sharedLab) give(r preflight.ACL) {
	l.t.Helper()
	op, on := l.builder(r)
	l.allow(ops(op), on)
}

func (l *sharedLab) builder(r preflight.ACL) (kadm.ACLOperation, *kadm.ACLBuilder) {
	l.t.Helper()
	op, err := kmsg.ParseACLOperation(r.Operation)
	if err != nil || r.PatternType != "LITERAL" {
		l.t.Fatal(err, r)
	}
	on := kadm.NewACLs()
	switch r.ResourceType {
	case "TOPIC":
		on.Topics(r.ResourceName)
	case "GROUP":
		on.Groups(r.ResourceName)
	case "TRANSACTIONAL_ID":
		on.TransactionalIDs(r.ResourceName)
	default:
		l.t.Fatalf("a right on %s", r.ResourceType)
	}
	return op, on
}

func (l *sharedLab) revoke(r preflight.ACL) {
	l.t.Helper()
	op, on := l.builder(r)
	acls := on.ResourcePatternType(kadm.ACLPatternLiteral).Operations(op).Allow("User:limited").AllowHosts("*")
	gone, err := l.admin.DeleteACLs(l.t.Context(), acls)
	if err != nil || len(gone) != 1 || len(gone[0].Deleted) != 1 {
		l.t.Fatal(err, gone)
	}
	heard(l.t, "what was taken", func() bool {
		found, err := l.admin.DescribeACLs(l.t.Context(), acls)
		return err == nil && len(found) == 1 && len(found[0].Described) == 0
	})
}

// standing is what there is of the lab in the cluster.
func (l *sharedLab) standing() string {
	l.t.Helper()
	topics, err := l.admin.ListTopics(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	groups, err := l.admin.ListGroups(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	txns, err := l.admin.ListTransactions(l.t.Context(), nil, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	var ours []string
	for _, name := range slices.Concat(topics.Names(), groups.Groups(), txns.TransactionalIDs()) {
		if strings.HasPrefix(name, l.workers) || name == l.topic || name == l.env["E2E_GROUP"] {
			ours = append(ours, name)
		}
	}
	return fmt.Sprint(ours)
}
