package e2e_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/servertest"
)

// The secrets of the security tests. None may be seen in any output.
const (
	rightPassword = "canary-right-password"
	wrongPassword = "canary-wrong-password"
	clientSecret  = "canary-client-secret"
)

// A pipeline moves records over TLS with each mechanism, and says what is
// wrong where it cannot: at the login, and where the login lacks a right.
// Whatever happens, no secret is seen, even at level debug.
func TestSecurity(t *testing.T) {
	w := newSecureWorld(t)
	secure, mutual := w.broker.Listener("SECURE"), w.broker.Listener("MUTUAL")
	password := func(mechanism, user, password string) map[string]string {
		return map[string]string{"E2E_SASL": mechanism, "E2E_USER": user, "E2E_PASSWORD": password}
	}
	token := func(token string) map[string]string {
		return map[string]string{"E2E_SASL": "OAUTHBEARER", "E2E_TOKEN": token}
	}
	client := func(id, secret string) map[string]string {
		return map[string]string{"E2E_SASL": "OAUTHBEARER", "E2E_TOKEN_URL": w.tokens.URL, "E2E_CLIENT_ID": id, "E2E_CLIENT_SECRET": secret}
	}
	plain := password("PLAIN", "alice", rightPassword)
	valid := jwt("olga", time.Hour)
	tests := []struct {
		name   string
		broker string
		env    map[string]string
		code   int      // the exit code
		says   []string // in the log, in any order
	}{
		{"PLAIN", secure, plain, 0, nil},
		{"SCRAM-SHA-256", secure, password("SCRAM-SHA-256", "scott", rightPassword), 0, nil},
		{"SCRAM-SHA-512", secure, password("SCRAM-SHA-512", "scott", rightPassword), 0, nil},
		{"OAUTHBEARER with a token", secure, token(valid), 0, nil},
		{"OAUTHBEARER with client credentials", secure, client("olga", clientSecret), 0, nil},
		{"client certificate", mutual, map[string]string{"E2E_CERT": w.clientCert, "E2E_KEY": w.clientKey}, 0, nil},
		{"PLAIN and a certificate by another name", secure, with(plain, "E2E_SERVER_NAME", "kafka.test"), 0, nil},

		{"PLAIN, wrong password", secure, password("PLAIN", "alice", wrongPassword), 1,
			[]string{"refused the login", "PLAIN", `"alice"`, "kafka.sasl", "SASL_AUTHENTICATION_FAILED"}},
		{"SCRAM-SHA-256, wrong password", secure, password("SCRAM-SHA-256", "scott", wrongPassword), 1,
			[]string{"refused the login", "SCRAM-SHA-256", `"scott"`, "kafka.sasl"}},
		{"SCRAM-SHA-512, unknown user", secure, password("SCRAM-SHA-512", "nobody", rightPassword), 1,
			[]string{"refused the login", "SCRAM-SHA-512", `"nobody"`, "kafka.sasl"}},
		{"expired token", secure, token(jwt("olga", -time.Hour)), 1,
			[]string{"refused the login", "OAUTHBEARER", "kafka.sasl.token", "invalid_token"}},
		{"expired token of the endpoint", secure, client("late", clientSecret), 1,
			[]string{"refused the login", "OAUTHBEARER", `"late"`, w.tokens.URL, "invalid_token"}},
		{"wrong client secret", secure, client("olga", wrongPassword), 1,
			[]string{"refused the client", `"olga"`, w.tokens.URL, "401", "kafka.sasl.clientSecret"}},
		{"token endpoint down", secure, with(client("olga", clientSecret), "E2E_TOKEN_URL", w.deadURL), 3,
			[]string{"fetch a token from " + w.deadURL, "connection refused", "trying again"}},
		{"a mechanism that is switched off", w.broker.Listener("PLAINONLY"), password("SCRAM-SHA-256", "scott", rightPassword), 1,
			[]string{"SCRAM-SHA-256", "UNSUPPORTED_SASL_MECHANISM", "kafka.sasl.mechanism"}},
		{"no login where one is needed", secure, nil, 3, []string{"level=WARN", "does the port want a login", "kafka.sasl"}},
		{"unknown authority", secure, with(plain, "E2E_CA", w.otherCA), 1,
			[]string{"certificate does not hold", "kafka.tls.caFile", "unknown authority"}},
		{"another name", secure, with(plain, "E2E_SERVER_NAME", "other.test"), 1,
			[]string{"certificate does not hold", "serverName", "other.test"}},
		{"no client certificate", mutual, nil, 1,
			[]string{"kafka.tls.certFile", "refused the client's certificate"}},
		{"expired certificate", w.broker.Listener("EXPIRED"), nil, 1,
			[]string{"certificate does not hold", "kafka.tls.caFile", "expired"}},
		{"client certificate of another authority", mutual, map[string]string{"E2E_CERT": w.otherCert, "E2E_KEY": w.otherKey}, 1,
			[]string{"kafka.tls.certFile", "refused the client's certificate"}},
		{"expired client certificate", mutual, map[string]string{"E2E_CERT": w.lateCert, "E2E_KEY": w.lateKey}, 1,
			[]string{"kafka.tls.certFile", "refused the client's certificate: it expired on"}},
		{"TLS to a port without it", w.broker.Addr(), nil, 3, []string{"level=WARN", "is TLS misconfigured"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			switch l := w.lab(t, test.broker, test.env); test.code {
			case 0:
				l.moves()
			case 3:
				t.Parallel() // it waits for its end
				l.ends(3, "10s", test.says...)
			default:
				l.ends(test.code, "forever", test.says...)
			}
		})
	}
	t.Run("tokens are renewed", w.renewed)
	t.Run("a password that changes", w.passwordChanges)
	t.Run("a password that is replaced", w.passwordIsReplaced)
	t.Run("rights", func(t *testing.T) { w.rights(t) })
	t.Run("no right to write", w.noWrite)
	t.Run("rights of a group", w.groupRights)
	t.Run("no right to make the topic", w.noCreate)
	t.Run("grants", w.grants)
	t.Run("grants of databases", w.tables)
	t.Run("no right to write dead letters", w.noLetters)
	t.Run("topics of a group", w.groupTopics)
	t.Run("torn transactions", w.torn)
}

// renewed runs a pipeline for longer than its tokens live, and over a time in
// which the endpoint gives none.
func (w *secureWorld) renewed(t *testing.T) {
	l := w.lab(t, w.broker.Listener("SECURE"), map[string]string{"E2E_SASL": "OAUTHBEARER",
		"E2E_TOKEN_URL": w.tokens.URL, "E2E_CLIENT_ID": "brief", "E2E_CLIENT_SECRET": clientSecret})
	p := l.startIn(l.env, "-log-level", "debug")
	asked := func(more int64) func() bool {
		n := w.brief.Load() + more
		return func() bool { return w.brief.Load() >= n }
	}
	l.wait(p, "the lines of the first token", l.written(100))
	l.wait(p, "new tokens", asked(2))
	l.write(100, 200)
	l.wait(p, "the lines of the new tokens", l.written(200))
	w.down.Store(true)
	l.wait(p, "tokens not given", asked(3))
	l.write(200, 300)
	l.wait(p, "tokens not given", asked(3))
	w.down.Store(false)
	l.wait(p, "the lines after the endpoint came back", l.written(300))
	l.stop(p)
	l.exact(l.checkTopic(300))
	l.complete(l.checkOut(300))
	log, err := p.Log()
	if err != nil {
		t.Fatal(err)
	}
	l.noSecret(log)
}

// rights takes one right at a time from a principal that is no superuser.
func (w *secureWorld) rights(t *testing.T) {
	for _, test := range []struct {
		name    string
		topic   []kadm.ACLOperation
		offsets []kadm.ACLOperation
		group   []kadm.ACLOperation
		says    []string // of the failed task
	}{
		{"all", ops(kadm.OpRead, kadm.OpWrite), ops(kadm.OpRead, kadm.OpWrite, kadm.OpDescribeConfigs), ops(kadm.OpRead), nil},
		{"no Write on the topic", ops(kadm.OpRead), ops(kadm.OpRead, kadm.OpWrite), ops(kadm.OpRead),
			[]string{"FAILED", "e2e-secure-source", "grant the principal Write on the topic", "TOPIC_AUTHORIZATION_FAILED"}},
		{"no right on the topic", nil, ops(kadm.OpRead, kadm.OpWrite), ops(kadm.OpRead),
			[]string{"FAILED", "e2e-secure-source", "e2e-secure-sink", "grant the principal Read and Describe on the topic"}},
		{"no Read on the group", ops(kadm.OpRead, kadm.OpWrite), ops(kadm.OpRead, kadm.OpWrite), nil,
			[]string{"FAILED", "e2e-secure-sink", "grant the principal Read on the group"}},
		{"no Write on the offsets topic", ops(kadm.OpRead, kadm.OpWrite), ops(kadm.OpRead), ops(kadm.OpRead),
			[]string{"FAILED", "e2e-secure-source", "grant the principal", "TOPIC_AUTHORIZATION_FAILED"}},
		{"no Read on the offsets topic", ops(kadm.OpRead, kadm.OpWrite), ops(kadm.OpWrite), ops(kadm.OpRead),
			[]string{"the offsets topic", "grant the principal", "TOPIC_AUTHORIZATION_FAILED"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := w.lab(t, w.broker.Listener("SECURE"), map[string]string{"E2E_SASL": "PLAIN", "E2E_USER": "limited", "E2E_PASSWORD": rightPassword})
			l.broker.CreateTopic(t, l.env["E2E_OFFSETS"], 1, "cleanup.policy", "compact")
			// Something to read, which is nothing to the source.
			other := &kgo.Record{Topic: l.env["E2E_OFFSETS"], Key: []byte(`["another",{}]`), Value: []byte(`{}`)}
			if err := l.producer.ProduceSync(t.Context(), other).FirstErr(); err != nil {
				t.Fatal(err)
			}
			l.allow(test.topic, kadm.NewACLs().Topics(l.topic))
			l.allow(test.offsets, kadm.NewACLs().Topics(l.env["E2E_OFFSETS"]))
			l.allow(test.group, kadm.NewACLs().Groups(l.env["E2E_GROUP"]))
			if test.says == nil {
				l.moves()
				return
			}
			l.ends(1, "forever", test.says...)
		})
	}
}

func ops(o ...kadm.ACLOperation) []kadm.ACLOperation { return o }

// secureWorld is a broker with users and certificates, and a token endpoint.
type secureWorld struct {
	broker  *servertest.Broker
	admin   *kadm.Client
	tokens  *httptest.Server
	brief   atomic.Int64 // requests of the client "brief"
	down    atomic.Bool  // the endpoint answers it with 503
	deadURL string       // where no endpoint listens

	ca, clientCert, clientKey    string // files
	lateCert, lateKey            string // of a client, expired
	otherCA, otherCert, otherKey string // of an authority that nobody trusts
}

func newSecureWorld(t *testing.T) *secureWorld {
	t.Helper()
	dir := t.TempDir()
	ours, theirs := newAuthority(t), newAuthority(t)
	w := &secureWorld{ca: ours.write(t, dir, "ca.pem"), otherCA: theirs.write(t, dir, "other-ca.pem")}
	server := ours.issue(t, "kafka")
	store := filepath.Join(dir, "server.pem")
	writeFile(t, store, append(server.key, server.cert...))
	late := filepath.Join(dir, "expired.pem")
	expired := ours.issueUntil(t, "kafka", time.Now().Add(-time.Minute))
	writeFile(t, late, append(expired.key, expired.cert...))
	w.clientCert, w.clientKey = ours.issue(t, "client").write(t, dir, "client")
	w.lateCert, w.lateKey = ours.issueUntil(t, "client", time.Now().Add(-time.Minute)).write(t, dir, "late-client")
	w.otherCert, w.otherKey = theirs.issue(t, "client").write(t, dir, "other")
	w.tokens = w.tokenEndpoint(t, ours)
	w.deadURL = deadURL(t)

	const plainJAAS = `org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="` + rightPassword + `" user_limited="` + rightPassword + `" user_reader="` + rightPassword + `";`
	opts := []servertest.KafkaOption{
		servertest.KafkaListener("SECURE", "SASL_SSL"), servertest.KafkaListener("PLAINONLY", "SASL_SSL"), servertest.KafkaListener("MUTUAL", "SSL"),
		servertest.KafkaListener("EXPIRED", "SSL"), servertest.KafkaProperty("listener.name.expired.ssl.keystore.location", late),
		servertest.KafkaProperty("listener.name.secure.sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER"),
		servertest.KafkaProperty("listener.name.plainonly.sasl.enabled.mechanisms", "PLAIN"),
		servertest.KafkaProperty("listener.name.secure.plain.sasl.jaas.config", plainJAAS),
		servertest.KafkaProperty("listener.name.plainonly.plain.sasl.jaas.config", plainJAAS),
		servertest.KafkaProperty("listener.name.secure.scram-sha-256.sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required;"),
		servertest.KafkaProperty("listener.name.secure.scram-sha-512.sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required;"),
		servertest.KafkaProperty("listener.name.secure.oauthbearer.sasl.jaas.config", "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;"),
		servertest.KafkaProperty("listener.name.secure.oauthbearer.connections.max.reauth.ms", "3600000"), // so that it minds a token's end
		servertest.KafkaProperty("listener.name.secure.scram-sha-512.connections.max.reauth.ms", "3000"),
		servertest.KafkaProperty("ssl.keystore.type", "PEM"),
		servertest.KafkaProperty("ssl.keystore.location", store),
		servertest.KafkaProperty("ssl.truststore.type", "PEM"),
		servertest.KafkaProperty("ssl.truststore.location", w.ca),
		servertest.KafkaProperty("listener.name.mutual.ssl.client.auth", "required"),
		servertest.KafkaProperty("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
		servertest.KafkaProperty("super.users", "User:ANONYMOUS;User:alice;User:scott;User:olga;User:brief;User:fickle;User:CN=client"),
	}
	w.broker = servertest.Kafka(t, opts...)
	w.admin = kadm.NewClient(w.broker.Client(t))
	w.password(t, "scott", kadm.ScramSha256, rightPassword)
	w.password(t, "scott", kadm.ScramSha512, rightPassword)
	return w
}

// password sets a user's password.
func (w *secureWorld) password(t *testing.T, user string, m kadm.ScramMechanism, password string) {
	t.Helper()
	set := kadm.UpsertSCRAM{User: user, Mechanism: m, Iterations: 4096, Password: password}
	altered, err := w.admin.AlterUserSCRAMs(t.Context(), nil, []kadm.UpsertSCRAM{set})
	if err = errors.Join(err, altered.Error()); err != nil {
		t.Fatal(err)
	}
}

// secureLab is a lab whose pipeline is a program of its own, which ends by
// itself.
type secureLab struct {
	*lab
	admin *kadm.Client
	env   map[string]string
}

func (w *secureWorld) lab(t *testing.T, broker string, env map[string]string) *secureLab {
	t.Helper()
	l := &secureLab{newLab(t, w.broker, "secure"), w.admin, nil}
	l.env = with(l.environment(), "E2E_BROKERS", broker, "E2E_CA", w.ca,
		"E2E_GROUP", servertest.Unique("group"), "E2E_OFFSETS", servertest.Unique("offsets"))
	maps.Copy(l.env, env)
	l.write(0, 100)
	return l
}

// allow gives the lab's user, which is no superuser, rights on one resource.
func (l *secureLab) allow(operations []kadm.ACLOperation, on *kadm.ACLBuilder) {
	l.t.Helper()
	if len(operations) == 0 {
		return
	}
	acls := on.ResourcePatternType(kadm.ACLPatternLiteral).Operations(operations...).Allow("User:" + l.env["E2E_USER"]).AllowHosts("*")
	results, err := l.admin.CreateACLs(l.t.Context(), acls)
	for _, r := range results {
		err = errors.Join(err, r.Err)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	heard(l.t, "the rights", func() bool { // the controller told us; the broker hears of it
		found, err := l.admin.DescribeACLs(l.t.Context(), acls)
		n := 0
		for _, f := range found {
			n += min(len(f.Described), 1)
			err = errors.Join(err, f.Err)
		}
		return err == nil && n == len(operations)
	})
}

// heard waits until the broker knows of something that was changed.
func heard(t *testing.T, what string, yes func() bool) {
	t.Helper()
	for begun := time.Now(); !yes(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > servertest.Patience {
			t.Fatalf("the broker does not hear of %s", what)
		}
	}
}

// moves runs the pipeline until all lines went through the topic into the
// output.
func (l *secureLab) moves() {
	l.t.Helper()
	l.ends(0, "forever")
	l.exact(l.checkTopic(100))
	l.exact(l.checkOut(100))
}

// ends runs the pipeline, which ends with the exit code and has said the words.
func (l *secureLab) ends(code int, startTimeout string, words ...string) {
	l.t.Helper()
	p := l.startIn(l.env, "-exit-when-idle", "500ms", "-start-timeout", startTimeout, "-log-level", "debug")
	l.wait(p, "its end", func() bool {
		select {
		case <-p.Done():
			return true
		default:
			return false
		}
	})
	got := 0
	var exit *exec.ExitError
	if errors.As(p.Wait(l.t.Context()), &exit) {
		got = exit.ExitCode()
	}
	log, err := p.Log()
	if err != nil {
		l.t.Fatal(err)
	}
	if got != code {
		l.t.Errorf("exit code %d, want %d", got, code)
	}
	for _, w := range words {
		if !bytes.Contains(log, []byte(w)) {
			l.t.Errorf("the log does not say %q", w)
		}
	}
	l.noSecret(log)
}

// noSecret fails the test if the log shows a secret, as it is or encoded.
func (l *secureLab) noSecret(log []byte) {
	l.t.Helper()
	secrets := []string{"canary", "BEGIN"}
	for _, name := range []string{"E2E_PASSWORD", "E2E_TOKEN", "E2E_CLIENT_SECRET"} {
		if s := l.env[name]; s != "" {
			secrets = append(secrets, s, base64.StdEncoding.EncodeToString([]byte(s)),
				basic(l.env["E2E_CLIENT_ID"], s), basic(l.env["E2E_USER"], s))
		}
	}
	secrets = append(secrets, issued)
	for _, s := range secrets {
		if bytes.Contains(log, []byte(s)) {
			l.t.Errorf("the log shows the secret %.10s…", s)
		}
	}
}

func basic(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

// with is a copy of env with more variables.
func with(env map[string]string, more ...string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, env)
	for i := 0; i+1 < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

// issued begins every token: it is the header of an unsigned one.
var issued = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))

// jwt is an unsigned token, which Kafka's validator for tests takes.
func jwt(subject string, life time.Duration) string {
	now := time.Now()
	claims, err := json.Marshal(map[string]any{"sub": subject, "scope": "kafka",
		"iat": now.Add(min(0, 2*life) - time.Minute).Unix(), "exp": now.Add(life).Unix()})
	if err != nil {
		panic(err)
	}
	return issued + "." + base64.RawURLEncoding.EncodeToString(claims) + "."
}

// briefLife is the life of the tokens of the client "brief".
const briefLife = 6 * time.Second

// tokenEndpoint gives tokens by client credentials, over TLS. The client
// "late" gets one that has expired, and "brief" one that soon will have.
func (w *secureWorld) tokenEndpoint(t *testing.T, a *authority) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		id, password, _ := r.BasicAuth()
		if password != url.QueryEscape(clientSecret) || r.PostFormValue("grant_type") != "client_credentials" || r.PostFormValue("scope") != "kafka" {
			http.Error(rw, `{"error":"invalid_client","error_description":"canary"}`, http.StatusUnauthorized)
			return
		}
		life := time.Hour
		told := life
		switch id {
		case "late":
			life = -life
		case "brief":
			w.brief.Add(1)
			if w.down.Load() {
				rw.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			life, told = briefLife, briefLife
		}
		fmt.Fprintf(rw, `{"access_token":%q,"token_type":"Bearer","expires_in":%d}`, jwt(id, life), int(told.Seconds()))
	}))
	server := a.issue(t, "tokens")
	pair, err := tls.X509KeyPair(server.cert, server.key)
	if err != nil {
		t.Fatal(err)
	}
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

// deadURL is an address where nothing listens.
func deadURL(t *testing.T) string {
	t.Helper()
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	return srv.URL
}

// authority is a certificate authority.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var serial atomic.Int64

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	tmpl := template("authority " + servertest.Unique("ca"))
	tmpl.IsCA, tmpl.BasicConstraintsValid, tmpl.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &a.key.PublicKey, a.key)
	if err == nil {
		a.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func template(name string) *x509.Certificate {
	return &x509.Certificate{SerialNumber: big.NewInt(serial.Add(1)), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// pair is a certificate and its key, in PEM.
type pair struct{ cert, key []byte }

// issue makes a certificate for both ends of a connection on this machine.
func (a *authority) issue(t *testing.T, name string) pair {
	t.Helper()
	return a.issueUntil(t, name, time.Now().Add(time.Hour))
}

func (a *authority) issueUntil(t *testing.T, name string, end time.Time) pair {
	t.Helper()
	key := newKey(t)
	tmpl := template(name)
	tmpl.NotAfter = end
	tmpl.IPAddresses, tmpl.DNSNames = []net.IP{net.IPv4(127, 0, 0, 1)}, []string{"kafka.test"}
	tmpl.KeyUsage = x509.KeyUsageDigitalSignature
	tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{pemOf("CERTIFICATE", der), pemOf("PRIVATE KEY", pkcs8)}
}

func (p pair) write(t *testing.T, dir, name string) (cert, key string) {
	t.Helper()
	cert, key = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	writeFile(t, cert, p.cert)
	writeFile(t, key, p.key)
	return cert, key
}

func (a *authority) write(t *testing.T, dir, name string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	writeFile(t, file, pemOf("CERTIFICATE", a.cert.Raw))
	return file
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func writeFile(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
