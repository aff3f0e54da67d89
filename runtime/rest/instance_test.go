package rest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	program "kcgen.dev/runtime"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/loglevel"
	"kcgen.dev/runtime/secret"
)

var requests = flag.Int("requests", 100000, "how many random requests are made of a whole instance (a twentieth with -short)")

// An instance is a whole program with a broker behind it: what the fake says is
// what the tests believe, and this one what users get.
type instance struct {
	t    *testing.T
	addr string
	file string // that src reads
	http http.Client
}

// wanted is what an instance is to be like.
type wanted struct {
	topic, lines, advertised string
	users                    map[string]secret.Secret
}

// startInstance runs a file source "src" and a file sink "snk" over a topic,
// until the test ends, and returns when both run.
func startInstance(t *testing.T, w wanted) *instance {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ClusterID("qGqO05H6RTykqayM74wKAQ"), kfake.SeedTopics(1, w.topic))
	quiet(t, "broker", err)
	t.Cleanup(c.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	quiet(t, "listen", err)
	i := &instance{t: t, addr: l.Addr().String()}
	quiet(t, "listen", l.Close())
	levels := loglevel.New(slog.LevelInfo)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	p := i.pipeline(c, w)
	go func() {
		_, err := program.Run(ctx, p, program.Options{Levels: levels, Log: slog.New(levels.Handler(slog.DiscardHandler))})
		ended <- err
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	i.http.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		if w.users != nil {
			r.SetBasicAuth("viewer", "other")
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	for _, name := range []string{"src", "snk"} {
		i.await("/connectors/"+name+"/tasks/0/status", `"state":"RUNNING"`)
	}
	return i
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (i *instance) pipeline(c *kfake.Cluster, w wanted) program.Pipeline {
	dir := i.t.TempDir()
	i.file = filepath.Join(dir, "in.txt")
	quiet(i.t, "write", os.WriteFile(i.file, []byte(w.lines), 0o600))
	text := convert.String{Encoding: "UTF-8"}
	return program.Pipeline{
		Name:  "orders",
		Kafka: kafka.Cluster{Brokers: c.ListenAddrs()},
		Worker: program.Worker{
			TaskShutdownGracefulTimeout: time.Minute, OffsetFlushInterval: 20 * time.Millisecond, OffsetStoragePartitions: 3,
			Group: &program.Group{ID: "orders", SessionTimeout: 10 * time.Second, HeartbeatInterval: 50 * time.Millisecond, StatusStoragePartitions: 2},
			Rest:  &program.REST{Listen: i.addr, Advertised: w.advertised, BasicAuth: w.users},
		},
		Sources: []program.Source{{
			Name: "src", TasksMax: 1, KeyConverter: text, ValueConverter: text, Errors: program.Errors{Tolerance: "none"},
			Connector: filestream.Source{File: i.file, Topic: w.topic, BatchSize: 2000, MaxLineBytes: 1 << 20},
		}},
		Sinks: []program.Sink{{
			Name: "snk", Topics: []string{w.topic}, TasksMax: 1, KeyConverter: text, ValueConverter: text, Errors: program.Errors{Tolerance: "none"},
			Connector: filestream.Sink{File: filepath.Join(dir, "out.txt")},
		}},
	}
}

// get asks, and gives nothing where there is no answer.
func (i *instance) get(path string) string {
	r, err := i.http.Get("http://" + i.addr + path)
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	body, _ := io.ReadAll(r.Body)
	return string(body)
}

// await asks until the answer has a text.
func (i *instance) await(path, text string) {
	i.t.Helper()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		got := i.get(path)
		if strings.Contains(got, text) {
			return
		}
		if time.Since(begun) > 2*time.Minute {
			i.t.Fatalf("%s: waited in vain for %s: %s", path, text, got)
		}
	}
}

// TestRandomRequestsOfAnInstance asks a whole instance what nobody should: no
// answer is a fault of the server, and afterwards it runs as before.
func TestRandomRequestsOfAnInstance(t *testing.T) {
	t.Parallel()
	n := *requests
	if testing.Short() {
		n /= 20
	}
	const seed = 1
	r := rand.New(rand.NewPCG(seed, seed))
	i := startInstance(t, wanted{topic: "t"})
	w := &wire{addr: i.addr}
	defer w.close()
	codes := answers{}
	for k := range n {
		x := randomRequest(r)
		if r.IntN(20) == 0 { // what of offsets gets to the broker
			x = random{"PATCH", "/connectors/" + pick(r, []string{"src", "snk"}) + "/offsets", "application/json", pick(r, fuzzed.bodies)}
		}
		if r.IntN(50) == 0 {
			x = random{method: "PUT", target: "/connectors/" + pick(r, []string{"src", "snk"}) + pick(r, []string{"/stop", "/stop", "/resume", "/pause"})}
		}
		code, body, err := w.ask(x)
		if codes[code]++; err != nil || code >= 500 || code < 200 {
			t.Fatalf("request %d of seed %d: %+v: %d %s %v", k, seed, x, code, body, err)
		}
	}
	codes.enough(t)
	for _, name := range []string{"src", "snk"} { // some offsets are of no record
		w.until(t, random{method: "PUT", target: "/connectors/" + name + "/stop"}, http.StatusNoContent)
		w.until(t, random{method: "DELETE", target: "/connectors/" + name + "/offsets"}, http.StatusOK)
		w.until(t, random{method: "PUT", target: "/connectors/" + name + "/resume"}, http.StatusAccepted)
		i.await("/connectors/"+name+"/tasks/0/status", `"state":"RUNNING"`)
	}
}

// wire sends requests as they are: a client would put many of them right.
type wire struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
}

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close()
	}
	w.conn = nil
}

func (w *wire) ask(x random) (code int, body []byte, err error) {
	reused := w.conn != nil
	code, body, err = w.try(x)
	if err != nil && reused { // the server has let go of the connection
		w.close()
		code, body, err = w.try(x)
	}
	return code, body, err
}

// until asks until it is answered with a code.
func (w *wire) until(t *testing.T, x random, want int) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		code, body, err := w.ask(x)
		if err == nil && code == want {
			return
		}
		if time.Since(begun) > 2*time.Minute {
			t.Fatalf("%+v: %d %s %v", x, code, body, err)
		}
	}
}

func (w *wire) try(x random) (int, []byte, error) {
	if w.conn == nil {
		conn, err := net.Dial("tcp", w.addr)
		if err != nil {
			return 0, nil, err
		}
		w.conn, w.in = conn, bufio.NewReader(conn)
	}
	target := x.target
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	if _, err := fmt.Fprintf(w.conn, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		x.method, target, w.addr, x.media, len(x.body), x.body); err != nil {
		return 0, nil, err
	}
	r, err := http.ReadResponse(w.in, &http.Request{Method: x.method})
	if err != nil {
		return 0, nil, err
	}
	body, err := io.ReadAll(r.Body)
	if r.Close || errors.Is(err, io.ErrUnexpectedEOF) {
		w.close()
	}
	return r.StatusCode, body, err
}

// TestRecordedOfAnInstance replays that part of the session with Kafka Connect
// that asks what a connector is at and where it stands, and changes it. A wish
// is kept at once and fulfilled later, there and here: so an answer is waited
// for.
func TestRecordedOfAnInstance(t *testing.T) {
	t.Parallel()
	i := startInstance(t, wanted{topic: "rest-distributed", lines: "line1\nline2\nlin3\n", advertised: worker})
	here := strings.NewReplacer("/srv/connect/data/r-in.txt", i.file)
	there := strings.NewReplacer(i.file, "/srv/connect/data/r-in.txt", fieldOf(t, i.get("/"), "version"), "4.3.1")
	deviate := deviations(t)
	w := &wire{addr: i.addr}
	defer w.close()
	asked := 0
	for _, e := range recorded(t) {
		if !ofAnInstance(e) {
			continue
		}
		if strings.HasPrefix(e.Label, "115") { // the lines came once more, behind the reset
			i.await("/connectors/snk/offsets", `"kafka_offset":6`)
		}
		asked++
		status := e.Status
		if d, is := deviate[e.Label[:3]]; is {
			status = d
		}
		var got string
		for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
			code, body, err := w.ask(random{e.Method, e.Path, e.ContentType, here.Replace(e.Body)})
			quiet(t, e.Label, err)
			got = fmt.Sprint(code, " ", there.Replace(string(body)))
			if code == status && (status != e.Status || same(e.Answer, there.Replace(string(body)))) {
				break
			}
			if time.Since(begun) > time.Minute {
				t.Fatalf("%s: %s %s %s\n got %s\nwant %d %s", e.Label, e.Method, e.Path, e.Body, got, status, e.Answer)
			}
		}
	}
	if asked < 70 {
		t.Errorf("%d exchanges of the session were found", asked)
	}
}

// ofAnInstance reports whether an exchange is about the life and the offsets of
// src or snk as they were first made.
func ofAnInstance(e exchange) bool {
	switch n := e.Label[:3]; {
	case n == "068", n == "080": // a configuration; and Kafka Connect had not yet done what it was asked to
		return false
	case n == "066", n == "067": // of others
		return false
	case n == "096": // see README.md: a connector that is paused has its tasks
		return false
	default:
		return n >= "061" && n <= "128" && n != "062" || n >= "137" && n <= "144"
	}
}

// TestClientsOfAnInstance has the clients ask a whole instance.
func TestClientsOfAnInstance(t *testing.T) {
	i := startInstance(t, wanted{topic: "t", lines: "a line\n", users: users(t)})
	i.await("/connectors/src/topics", `["t"]`)
	var config map[string]string
	quiet(t, "configuration", json.Unmarshal([]byte(i.get("/connectors/src/config")), &config))
	version := fieldOf(t, i.get("/"), "version")
	askClients(t, i.addr, clientAnswers{
		worker: i.addr, version: version, cluster: i.get("/"), config: i.get("/connectors/src/config"), class: config["connector.class"],
		missing: `3`, // the topic, and two converters: a worker has none of its own
		levels:  `["connector.snk","connector.src","root"]`,
	})
}

func fieldOf(t *testing.T, object, name string) string {
	t.Helper()
	var o map[string]string
	quiet(t, object, json.Unmarshal([]byte(object), &o))
	return o[name]
}
