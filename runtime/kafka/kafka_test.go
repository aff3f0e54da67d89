package kafka

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/oauth"

	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/security"
)

func cluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(2)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func conn(t *testing.T, c *kfake.Cluster) *Conn {
	t.Helper()
	k, err := Connect(Cluster{Brokers: c.ListenAddrs()}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // longer than anything here takes
	t.Cleanup(cancel)
	return ctx
}

// reveal makes a resolved secret.
func reveal(t *testing.T, value string) secret.Secret {
	t.Helper()
	t.Setenv("KCGEN_TEST_SECRET", value)
	s := secret.Ref("${env:KCGEN_TEST_SECRET}")
	if err := secret.Resolve(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSeedBrokers(t *testing.T) {
	got, err := seedBrokers([]string{"a:1, b ,", "[::1]:3", "10.0.0.1"})
	if want := []string{"a:1", "b:9092", "[::1]:3", "10.0.0.1:9092"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range []string{"", "http://a:1", "a:0", "a:x", ":1", "a b:1"} {
		if got, err := seedBrokers([]string{bad}); err == nil {
			t.Errorf("%q gave %v", bad, got)
		}
	}
}

func TestOver(t *testing.T) {
	p := Producer{Linger: 1, CompressionType: "lz4"}.Over(&Producer{CompressionType: "zstd", MaxRequestSize: 5})
	if p != (Producer{Linger: 1, CompressionType: "zstd", MaxRequestSize: 5}) {
		t.Errorf("%+v", p)
	}
	c := Consumer{GroupID: "g"}.Over(&Consumer{ClientRack: "r"}).Over(nil)
	if c != (Consumer{GroupID: "g", ClientRack: "r"}) {
		t.Errorf("%+v", c)
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for fails := range 70 {
		for range 20 {
			if d := Backoff(fails, 3*time.Second); d < 50*time.Millisecond || d > 4500*time.Millisecond {
				t.Fatalf("%d: %v", fails, d)
			}
		}
	}
}

// What RecordSize lets pass, the client takes; and the client's own line is
// four bytes behind at the most.
func TestRecordSize(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(1, "t"))
	k := conn(t, c)
	headers := []Header{{Key: "k", Value: []byte("v")}, {Key: "n"}}
	for _, limit := range []int64{600, 1000, 20_000} {
		w, err := k.Writer(Producer{MaxRequestSize: limit}, "x")
		if err != nil {
			t.Fatal(err)
		}
		key, value := []byte("key"), []byte{}
		for RecordSize(key, value, headers) < int(limit) {
			value = append(value, 'x')
		}
		for _, test := range []struct {
			value []byte
			fits  bool
		}{{value, true}, {append(value, 'x', 'x', 'x', 'x', 'x'), false}} {
			b := w.NewBatch(0)
			var got error
			done := make(chan struct{})
			b.Ended, b.Done = func(_ int, err error) { got = err }, func() { close(done) }
			b.Append("t", -1, -1, key, test.value, headers)
			w.Produce(within(t), b)
			<-done
			if (got == nil) != test.fits {
				t.Errorf("limit %d, size %d: %v", limit, RecordSize(key, test.value, headers), got)
			}
		}
		w.Close(within(t))
	}
}

func TestWriterPartitionsAndOrder(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(3, "t"))
	k := conn(t, c)
	w, err := k.Writer(Producer{CompressionType: "zstd"}, "x")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close(within(t))
	ended := make([]int, 100)
	done := make(chan struct{})
	b := w.NewBatch(0)
	b.Ended, b.Done = func(i int, err error) {
		if err != nil {
			t.Error(err)
		}
		ended[i]++
	}, func() { close(done) }
	for i := range 100 {
		b.Append("t", int32(i%3), 1700000000000+int64(i), nil, []byte{byte(i)}, nil)
	}
	w.Produce(within(t), b)
	<-done
	for i, n := range ended {
		if n != 1 {
			t.Errorf("record %d ended %d times", i, n)
		}
	}
	for p := range int32(3) {
		if info := c.PartitionInfo("t", p); info.HighWatermark < 33 {
			t.Errorf("partition %d holds %d", p, info.HighWatermark)
		}
	}
}

func TestWriterClosedEndsRecords(t *testing.T) {
	t.Parallel()
	c := cluster(t) // without the topic
	k := conn(t, c)
	w, err := k.Writer(Producer{}, "x")
	if err != nil {
		t.Fatal(err)
	}
	b := w.NewBatch(0)
	var got error
	done := make(chan struct{})
	b.Ended, b.Done = func(_ int, err error) { got = err }, func() { close(done) }
	b.Append("none", -1, -1, nil, []byte("x"), nil)
	ctx, cancel := context.WithCancel(t.Context())
	w.Produce(ctx, b)
	cancel()
	w.Close(within(t))
	<-done
	if !errors.Is(got, ErrNotDelivered) {
		t.Errorf("error %v", got)
	}
}

func readLog(t *testing.T, k *Conn, spec NewTopic) (*Log, map[string]string) {
	t.Helper()
	got := map[string]string{}
	l, err := k.OpenLog(within(t), t.Context(), spec, func(e Entry) { got[string(e.Key)] = string(e.Value) }, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	return l, got
}

func appendAll(t *testing.T, l *Log, entries ...Entry) {
	t.Helper()
	done := make(chan error, 1)
	l.Append(within(t), entries, func(err error) { done <- err })
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	spec := NewTopic{Name: "offsets", Partitions: 5, ReplicationFactor: 1, Configs: map[string]string{"cleanup.policy": "compact"}}
	l, got := readLog(t, conn(t, c), spec)
	if len(got) != 0 {
		t.Fatalf("a new log holds %v", got)
	}
	want := map[string]string{}
	for round := range 3 {
		var entries []Entry
		for i := range 200 {
			k, v := fmt.Sprint("key", i), fmt.Sprint("v", round, "-", i)
			entries = append(entries, Entry{Key: []byte(k), Value: []byte(v)})
			want[k] = v
		}
		appendAll(t, l, entries...)
	}
	_, got = readLog(t, conn(t, c), spec)
	if !mapsEqual(got, want) {
		t.Errorf("%d entries, want %d", len(got), len(want))
	}
	// Compaction and transactions leave gaps, also at the end.
	appendAll(t, l, Entry{Key: []byte("key0")}) // a tombstone
	want["key0"] = ""
	transaction(t, c, "offsets", "key1", "committed", kgo.TryCommit)
	want["key1"] = "committed"
	transaction(t, c, "offsets", "key1", "aborted", kgo.TryAbort)
	_, got = readLog(t, conn(t, c), spec)
	if !mapsEqual(got, want) {
		t.Errorf("after transactions: key0=%q key1=%q", got["key0"], got["key1"])
	}
	c.Compact()
	_, got = readLog(t, conn(t, c), spec)
	delete(want, "key0")
	delete(got, "key0")
	if !mapsEqual(got, want) {
		t.Errorf("after compaction: %d entries, want %d; key1=%q", len(got), len(want), got["key1"])
	}
}

// A log whose last records were compacted away ends all the same.
func TestLogWithoutAnEnd(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.NumBrokers(1))
	if err := c.CreateTopic("offsets", 2, map[string]string{"cleanup.policy": "compact"}); err != nil {
		t.Fatal(err)
	}
	spec := NewTopic{Name: "offsets", Partitions: 2, ReplicationFactor: 1}
	k := conn(t, c)
	l, _ := readLog(t, k, spec)
	appendAll(t, l, Entry{Key: []byte("a"), Value: []byte("1")}, Entry{Key: []byte("b"), Value: []byte("2")})
	// The broker says that the log goes on behind what it holds.
	c.ControlKey(int16(kmsg.ListOffsets), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := r.(*kmsg.ListOffsetsRequest)
		if len(req.Topics) == 0 || req.Topics[0].Partitions[0].Timestamp != -1 {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.ListOffsetsResponse)
		for _, rt := range req.Topics {
			st := kmsg.NewListOffsetsResponseTopic()
			st.Topic = rt.Topic
			for _, rp := range rt.Partitions {
				sp := kmsg.NewListOffsetsResponseTopicPartition()
				sp.Partition, sp.Offset = rp.Partition, 50
				st.Partitions = append(st.Partitions, sp)
			}
			resp.Topics = append(resp.Topics, st)
		}
		return resp, nil, true
	})
	fetches := 0
	c.ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := r.(*kmsg.FetchRequest)
		if fetches++; fetches == 1 {
			return nil, nil, false // all that there is
		}
		resp := req.ResponseKind().(*kmsg.FetchResponse)
		for _, rt := range req.Topics {
			st := kmsg.NewFetchResponseTopic()
			st.Topic, st.TopicID = rt.Topic, rt.TopicID
			for _, rp := range rt.Partitions {
				sp := kmsg.NewFetchResponseTopicPartition()
				sp.Partition, sp.HighWatermark, sp.LastStableOffset = rp.Partition, 50, 50
				st.Partitions = append(st.Partitions, sp)
			}
			resp.Topics = append(resp.Topics, st)
		}
		return resp, nil, true
	})
	_, got := readLog(t, conn(t, c), spec)
	if !mapsEqual(got, map[string]string{"a": "1", "b": "2"}) {
		t.Errorf("got %v", got)
	}
}

func TestLogErrorsWhileReading(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	spec := NewTopic{Name: "offsets", Partitions: 3, ReplicationFactor: 1, Configs: map[string]string{"cleanup.policy": "compact"}}
	l, _ := readLog(t, conn(t, c), spec)
	want := map[string]string{}
	for i := range 50 {
		k := fmt.Sprint(i)
		appendAll(t, l, Entry{Key: []byte(k), Value: []byte(k)})
		want[k] = k
	}
	h := c.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Err: kerr.NotLeaderForPartition, Count: 1},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition, Count: 2},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Err: kerr.LeaderNotAvailable, Count: 1},
	)
	seen := map[string]int{}
	if _, err := conn(t, c).OpenLog(within(t), t.Context(), spec, func(e Entry) { seen[string(e.Key)]++ }, nil); err != nil {
		t.Fatal(err)
	}
	if len(seen) != len(want) || h.Hits() < 3 {
		t.Errorf("%d of %d entries, %d faults", len(seen), len(want), h.Hits())
	}
	for k, n := range seen {
		if n != 1 {
			t.Errorf("%s was seen %d times", k, n)
		}
	}
}

func transaction(t *testing.T, c *kfake.Cluster, topic, key, value string, end kgo.TransactionEndTry) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.TransactionalID("tx"), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(within(t), &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := cl.EndTransaction(within(t), end); err != nil {
		t.Fatal(err)
	}
}

func mapsEqual(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || w != v {
			return false
		}
	}
	return true
}

func TestSASL(t *testing.T) {
	c := cluster(t, kfake.EnableSASL(), kfake.User("PLAIN", "alice", "right"), kfake.User("SCRAM-SHA-256", "bob", "right"), kfake.User("SCRAM-SHA-512", "carol", "right"))
	for mechanism, user := range map[string]string{"PLAIN": "alice", "SCRAM-SHA-256": "bob", "SCRAM-SHA-512": "carol"} {
		for _, password := range []string{"right", "canary-wrong"} {
			var log bytes.Buffer
			sasl := &SASL{Mechanism: mechanism, Username: user, Password: reveal(t, password), AllowWithoutTLS: true}
			k, err := Connect(Cluster{Brokers: c.ListenAddrs(), SASL: sasl}, Options{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
			if err != nil {
				t.Fatal(err)
			}
			// The fake broker hangs up where a real one says why; what that
			// answer leads to is in TestRefusal.
			timeout := time.Minute
			if password != "right" {
				timeout = 300 * time.Millisecond
			}
			err = k.Wait(within(t), timeout)
			k.Close()
			if (err == nil) != (password == "right") {
				t.Errorf("%s with %s: %v", mechanism, password, err)
			}
			if strings.Contains(log.String()+fmt.Sprint(err), "canary") {
				t.Error("the password is in the log or the error")
			}
		}
	}
}

func TestRefusal(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string // "" is: try again
	}{
		{fmt.Errorf("x: %w", kerr.SaslAuthenticationFailed), "refused the login by PLAIN as the user \"alice\""},
		{kerr.UnsupportedSaslMechanism, "does not take the mechanism"},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "certificate does not hold"},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}, "refused the client's certificate"},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: internal error")}, ""},
		{tls.RecordHeaderError{Msg: "x"}, "does not speak TLS"},
		{fmt.Errorf("x: %w: 401", security.ErrClientRefused), "refused the client"},
		{kerr.NotLeaderForPartition, ""},
		{kerr.CoordinatorLoadInProgress, ""},
		{errors.New("connection refused"), ""},
	} {
		got := Cluster{SASL: &SASL{Mechanism: "PLAIN", Username: "alice"}}.refusal(test.err)
		if test.want == "" && got != nil || test.want != "" && (got == nil || !strings.Contains(got.Error(), test.want)) {
			t.Errorf("%v: %v", test.err, got)
		}
	}
	for err, want := range map[error]bool{
		kerr.NotController: true, kerr.LeaderNotAvailable: true, errors.New("EOF"): true,
		kerr.UnknownTopicOrPartition: false, kerr.TopicAuthorizationFailed: false, kerr.PolicyViolation: false, kerr.InvalidReplicationFactor: false,
	} {
		if transient(err) != want {
			t.Errorf("transient(%v) is not %v", err, want)
		}
	}
}

func TestSecurityIsChecked(t *testing.T) {
	pw := reveal(t, "x")
	for name, test := range map[string]struct {
		c    Cluster
		want string
	}{
		"without TLS":  {Cluster{SASL: &SASL{Mechanism: "PLAIN", Username: "u", Password: pw}}, "in the clear"},
		"no password":  {Cluster{SASL: &SASL{Mechanism: "PLAIN", Username: "u", AllowWithoutTLS: true}}, "needs sasl.username and sasl.password"},
		"mechanism":    {Cluster{SASL: &SASL{Mechanism: "GSSAPI", AllowWithoutTLS: true}}, "not one of"},
		"no token":     {Cluster{SASL: &SASL{Mechanism: "OAUTHBEARER", AllowWithoutTLS: true}}, "needs sasl.token"},
		"http":         {Cluster{TLS: &security.TLS{}, SASL: &SASL{Mechanism: "OAUTHBEARER", TokenEndpointURL: "http://x/", ClientID: "i", ClientSecret: pw}}, "not https"},
		"no CA":        {Cluster{TLS: &security.TLS{CAFile: "/nowhere"}}, "tls.caFile"},
		"half a pair":  {Cluster{TLS: &security.TLS{CertFile: "x"}}, "go together"},
		"no such pair": {Cluster{TLS: &security.TLS{CertFile: "/nowhere", KeyFile: "/nowhere"}}, "tls.certFile"},
	} {
		test.c.Brokers = []string{"x:1"}
		if _, err := Connect(test.c, Options{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	cert, caFile := certificate(t)
	c := cluster(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{cert}}))
	plain := cluster(t)
	for name, test := range map[string]struct {
		brokers []string
		tls     security.TLS
		want    string
	}{
		"good":       {c.ListenAddrs(), security.TLS{CAFile: caFile}, ""},
		"unknown CA": {c.ListenAddrs(), security.TLS{}, "does not hold"},
		"other name": {c.ListenAddrs(), security.TLS{CAFile: caFile, ServerName: "other"}, "does not hold"},
		"trusting":   {c.ListenAddrs(), security.TLS{InsecureSkipVerify: true}, ""},
	} {
		k, err := Connect(Cluster{Brokers: test.brokers, TLS: &test.tls}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = k.Wait(within(t), -1)
		k.Close()
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A broker without TLS answers nothing that could be told from one that is
	// down: that ends with the time-out.
	k, err := Connect(Cluster{Brokers: plain.ListenAddrs(), TLS: &security.TLS{}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if err := k.Wait(within(t), 500*time.Millisecond); err == nil {
		t.Error("TLS to a plain broker worked")
	}
}

func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// A broker that refuses a token is asked no more than the protocol wants, and
// the token is forgotten.
func TestRefusedToken(t *testing.T) {
	forgotten := 0
	m := bearer{oauth.Auth{Token: "canary"}.AsMechanism(), func() { forgotten++ }}
	s, _, err := m.Authenticate(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	if done, write, err := s.Challenge([]byte(`{"status":"invalid_token"}`)); done || string(write) != "\x01" || err != nil || forgotten != 1 {
		t.Errorf("%v %q %v, forgotten %d times", done, write, err, forgotten)
	}
	if _, _, err := s.Challenge([]byte("more")); (Cluster{}).refusal(err) == nil {
		t.Errorf("a broker that goes on: %v", err)
	}
	s, _, _ = m.Authenticate(t.Context(), "x")
	if done, _, err := s.Challenge(nil); !done || err != nil {
		t.Errorf("a token that is taken: %v, %v", done, err)
	}
}

// A token that ends soon is used once: who logs in again gets a fresh one.
func TestBriefToken(t *testing.T) {
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		fmt.Fprint(w, `{"access_token":"x","expires_in":9}`)
	}))
	defer srv.Close()
	src, err := newTokenSource(&SASL{TokenEndpointURL: srv.URL, ClientID: "i", ClientSecret: reveal(t, "x"), AllowWithoutTLS: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := src.token(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 2 {
		t.Errorf("%d calls, want 2", calls)
	}
}

func TestTokenSource(t *testing.T) {
	calls, status, body := 0, 200, `{"access_token":"canary-token","expires_in":3600}`
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		id, pw, _ := r.BasicAuth()
		if r.PostFormValue("grant_type") != "client_credentials" || r.PostFormValue("scope") != "s" || id != "i%2F" || pw != "canary" {
			t.Errorf("request %v %s", r.PostForm, id)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	defer srv.Close()
	s := &SASL{TokenEndpointURL: srv.URL, ClientID: "i/", ClientSecret: reveal(t, "canary"), Scope: "s", AllowWithoutTLS: true}
	fresh := func() *tokenSource {
		src, err := newTokenSource(s, nil)
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	src := fresh()
	for range 3 {
		if token, err := src.token(within(t)); err != nil || token != "canary-token" {
			t.Fatalf("%q %v", token, err)
		}
	}
	if calls != 1 {
		t.Errorf("%d calls, want one: the token lives", calls)
	}
	for _, test := range []struct {
		status int
		body   string
		final  bool
	}{
		{401, `{"error":"canary"}`, true}, {503, "canary", false}, {429, "", false}, {302, "", false},
		{200, "canary no JSON", false}, {200, `{}`, false}, {200, `{"access_token":"` + strings.Repeat("canary", 1<<18) + `"}`, false},
	} {
		status, body = test.status, test.body
		_, err := fresh().token(within(t))
		if err == nil || errors.Is(err, security.ErrClientRefused) != test.final || strings.Contains(err.Error(), "canary") {
			t.Errorf("%d %.20q: %.300v", test.status, test.body, err)
		}
	}
}
