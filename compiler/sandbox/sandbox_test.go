package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"kcgen.dev/compiler/load"
	"kcgen.dev/compiler/sandbox"
)

func TestMain(m *testing.M) {
	sandbox.Main(map[string]sandbox.Func{
		"echo":  func(in []byte) ([]byte, error) { return in, nil },
		"fail":  func(in []byte) ([]byte, error) { return nil, errors.New("it failed: " + string(in)) },
		"panic": func([]byte) ([]byte, error) { panic("boom") },
		"spin": func([]byte) ([]byte, error) {
			for {
				runtime.Gosched()
			}
		},
		"sleep": func([]byte) ([]byte, error) { time.Sleep(time.Hour); return nil, nil },
		"flood": func([]byte) ([]byte, error) { return make([]byte, 2<<20), nil },
		"print": func([]byte) ([]byte, error) { fmt.Println("noise"); return []byte("answer"), nil },
		"env":   func([]byte) ([]byte, error) { return []byte(strings.Join(os.Environ(), "\n")), nil },
		"hoard": hoard,
		"deep":  func([]byte) ([]byte, error) { return []byte{byte(deep(1))}, nil },
		"load":  evaluate,
	})
	os.Exit(m.Run())
}

func hoard([]byte) ([]byte, error) {
	var all [][]byte
	for {
		b := make([]byte, 8<<20)
		for i := range b {
			b[i] = byte(i)
		}
		all = append(all, b)
		if len(all) > 1<<20 {
			return all[0], nil
		}
	}
}

func deep(n int) int {
	if n == 0 {
		return 0
	}
	return deep(n+1) + 1
}

// evaluate is what the compiler's own function does, without the plan.
func evaluate(in []byte) ([]byte, error) {
	root, arg, _ := strings.Cut(string(in), "\n")
	_, ds := load.Load(load.Config{Builtin: os.DirFS(root)}, arg)
	var b strings.Builder
	if err := ds.Print(&b); err != nil {
		return nil, err
	}
	return []byte(b.String()), nil
}

func TestRun(t *testing.T) {
	ctx := context.Background()
	out, err := sandbox.Run(ctx, sandbox.Limits{}, "echo", []byte("hello\x00"))
	if string(out) != "hello\x00" || err != nil {
		t.Errorf("echo: %q, %v", out, err)
	}
	var fe *sandbox.FuncError
	if _, err = sandbox.Run(ctx, sandbox.Limits{}, "fail", []byte("x")); !errors.As(err, &fe) || fe.Text != "it failed: x" {
		t.Errorf("fail: %v", err)
	}
	if _, err = sandbox.Run(ctx, sandbox.Limits{}, "panic", nil); !errors.As(err, &fe) || !strings.Contains(fe.Text, "panicked: boom") {
		t.Errorf("panic: %v", err)
	}
	if out, err = sandbox.Run(ctx, sandbox.Limits{}, "print", nil); string(out) != "answer" || err != nil {
		t.Errorf("print: %q, %v", out, err)
	}
	if _, err = sandbox.Run(ctx, sandbox.Limits{}, "nobody", nil); err == nil || !strings.Contains(err.Error(), `no function "nobody"`) {
		t.Errorf("nobody: %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("DATABASE_PASSWORD", "hunter2")
	out, err := sandbox.Run(context.Background(), sandbox.Limits{}, "env", nil)
	if err != nil || strings.Contains(string(out), "hunter2") || !strings.Contains(string(out), "PATH=") {
		t.Errorf("%s\n%v", out, err)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := sandbox.Run(ctx, sandbox.Limits{}, "spin", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		lim  sandbox.Limits
		want sandbox.Kind
	}{
		{"spin", sandbox.Limits{CPU: 200 * time.Millisecond}, sandbox.Time},
		{"sleep", sandbox.Limits{Wall: 200 * time.Millisecond}, sandbox.Wall},
		{"hoard", sandbox.Limits{Memory: 256 << 20}, sandbox.Memory},
		{"deep", sandbox.Limits{}, sandbox.Depth},
		{"flood", sandbox.Limits{Output: 1 << 20}, sandbox.Output},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, use, err := sandbox.Measure(context.Background(), c.lim, c.name, nil)
			var le *sandbox.LimitError
			if !errors.As(err, &le) || le.Kind != c.want {
				t.Fatalf("%v, want the limit of %s", err, c.want)
			}
			t.Logf("%v; %v", err, use)
		})
	}
}

// promise is what a bomb may be given, and what it may take at most.
type promise struct {
	limits sandbox.Limits
	cpu    time.Duration
	memory int64
}

// The product's own promise, and in a short run one that is sooner kept: the
// same bombs meet the same limits, at lower values.
func promised() promise {
	if testing.Short() {
		return promise{sandbox.Limits{CPU: 300 * time.Millisecond, Memory: 256 << 20}, time.Second, 256 << 20}
	}
	return promise{sandbox.Limits{}, 5 * time.Second, 512 << 20}
}

// bombs are specs of a few lines that CUE alone would work on for hours, or
// that would take gigabytes (RELIABILITY C14).
var bombs = map[string]string{
	"cube":        "import \"list\"\nlet l = list.Range(0, 400, 1)\nx: [for a in l for b in l for c in l {a+b+c}]\n",
	"disjunction": disjunction(16),
	"list":        doubling(`[0, 0]`, `[for x in a%d {x}, for x in a%d {x}]`, 24),
	"range":       "import \"list\"\nx: list.Range(0, 100000000, 1)\n",
	"string":      doubling(`"0123456789abcdef"`, `"\(a%d)\(a%d)"`, 30),
	"nesting":     "x: " + strings.Repeat("{a:", 200000) + "1" + strings.Repeat("}", 200000) + "\n",
	"near":        "x: " + strings.Repeat("{a:", 9000) + "1" + strings.Repeat("}", 9000) + "\n",
	"brackets":    "x: " + strings.Repeat("[", 500000) + "\n",
	"cycle":       "a: {b: a}\nx: a\n",
	"number":      "x: 1e1000000 * 1e1000000\ny: 10 + 1e1000000\n",
	"power":       "import \"math\"\nx: math.Pow(10, 100000000)\n",
	"repeat":      "import \"strings\"\nx: strings.Repeat(\"0123456789\", 1000000000)\n",
	"interpolate": "import \"list\"\ny: [for i in list.Range(0, 1000, 1) {\"\\(1e400000)\"}]\n",
	"comprehend":  "import \"list\"\nlet l = list.Range(0, 3000, 1)\na: {for i in l {\"x\\(i)\": {for j in l {\"y\\(j)\": i}}}}\n",
	"patterns":    "import \"list\"\na: {[=~\"a+\"]: {[=~\"b+\"]: string}}\nb: a & {for i in list.Range(0, 1000000, 1) {\"a\\(i)\": {\"b\\(i)\": {}}}}\n",
}

func disjunction(n int) string {
	var b strings.Builder
	b.WriteString("x: {} ")
	for i := range n {
		fmt.Fprintf(&b, "& ({a%d: 1} | {b%d: 2}) ", i, i)
	}
	return b.String() + "\n"
}

func doubling(first, next string, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "a0: %s\n", first)
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "a%d: "+next+"\n", i, i-1, i-1)
	}
	return b.String()
}

func repositoryRoot(t *testing.T) string {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// TestGoModule holds that the go command finds packages from inside the child.
func TestGoModule(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":        "module example.org/me\n\ngo 1.24\n",
		"mqtt/mqtt.go":  "package mqtt\n",
		"mqtt/mqtt.cue": "package mqtt\n\n#Sink: {#sink: \"example.org/me/mqtt.Sink\", url!: string}\n",
		"p.yaml": "name: x\nkafka: {brokers: [a:1]}\nsinks:\n  s:\n    topics: [t]\n    connector: {use: example.org/me/mqtt.Sink, url: 5}\n" +
			"    keyConverter: {use: convert.String}\n    valueConverter: {use: convert.String}\n",
	} {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, use, err := sandbox.Measure(context.Background(), sandbox.Limits{}, "load", []byte(builtinTree(t)+"\n"+filepath.Join(dir, "p.yaml")))
	if err != nil || !strings.Contains(string(out), "p.yaml:6:53: sinks.s.connector.url: 5 is not a string") || strings.Count(string(out), "p.yaml:") != 1 {
		t.Errorf("%s\n%v", out, err)
	}
	t.Log(use)
}

func TestBombs(t *testing.T) {
	dir := t.TempDir()
	specs := map[string]string{}
	for name, text := range bombs {
		specs[name] = filepath.Join(dir, name+".cue")
		if err := os.WriteFile(specs[name], []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	specs["huge"] = filepath.Join(dir, "huge.cue")
	if err := os.WriteFile(specs["huge"], nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(specs["huge"], 100<<20); err != nil {
		t.Fatal(err)
	}
	specs["files"] = manyFiles(t, 1001) // one more than a spec may have
	most := promised()
	for name, spec := range specs {
		t.Run(name, func(t *testing.T) {
			out, use, err := sandbox.Measure(context.Background(), most.limits, "load", []byte(repositoryRoot(t)+"\n"+spec))
			var le *sandbox.LimitError
			if err != nil && !errors.As(err, &le) {
				t.Fatal(err)
			}
			if err == nil && len(out) == 0 {
				t.Error("the bomb passed")
			}
			if le != nil && le.Kind == sandbox.Wall {
				t.Error(err)
			}
			if use.CPU > most.cpu || use.MaxRSS > most.memory {
				t.Errorf("it took %v of processor time and %d MiB", use.CPU, use.MaxRSS>>20)
			}
			t.Logf("%v, CPU %v, %d MiB: %.200s %v", use.Wall.Round(time.Millisecond), use.CPU.Round(time.Millisecond), use.MaxRSS>>20, out, err)
		})
	}
}

func manyFiles(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%d.cue", i)), []byte("package p\nname: \"x\"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// honest is a spec of n connectors, each with a converter, a transform and
// settings of its own.
func honest(n int) string {
	var b strings.Builder
	b.WriteString(`package big

import (
	"kcgen.dev/schema"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/transform"
)

schema.#Pipeline & {
	name: "big"
	kafka: brokers: ["${env:KAFKA_BROKERS}"]
`)
	for i := range n / 2 {
		fmt.Fprintf(&b, `	sources: "file-%d": {
		connector: filestream.#Source & {file: "/var/log/%[1]d.log", topic: "topic-%[1]d"}
		keyConverter:   convert.#String
		valueConverter: convert.#JSON & {schemasEnable: false}
		transforms: [{do: transform.#HoistField & {on: "value", field: "line"}}]
		errors: retryTimeout: "5s"
	}
	sinks: "archive-%[1]d": {
		topics: ["topic-%[1]d"]
		connector: filestream.#Sink & {file: "/var/archive/%[1]d.txt"}
		keyConverter:   convert.#String
		valueConverter: convert.#JSON & {schemasEnable: false}
		errors: {tolerance: "all", deadLetterQueue: topicName: "dlq-%[1]d"}
	}
`, i)
	}
	b.WriteString("}\n")
	return b.String()
}

// builtinTree is the real schema with the small components of load's tests.
func builtinTree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, c := range []struct{ from, to string }{{"../../schema", "schema"}, {"../load/testdata/builtin/runtime", "runtime"}} {
		if err := os.CopyFS(filepath.Join(dir, c.to), os.DirFS(c.from)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestHonest(t *testing.T) {
	connectors := 2000
	if testing.Short() {
		connectors = 300
	}
	spec := filepath.Join(t.TempDir(), "big.cue")
	if err := os.WriteFile(spec, []byte(honest(connectors)), 0o644); err != nil {
		t.Fatal(err)
	}
	out, use, err := sandbox.Measure(context.Background(), sandbox.Limits{}, "load", []byte(builtinTree(t)+"\n"+spec))
	if err != nil || len(out) > 0 {
		t.Errorf("%.500s\n%v", out, err)
	}
	t.Logf("%d connectors: %v, CPU %v, %d MiB", connectors, use.Wall, use.CPU, use.MaxRSS>>20)
}

// BenchmarkHonest measures the evaluation itself, in this process.
func BenchmarkHonest(b *testing.B) {
	spec := filepath.Join(b.TempDir(), "big.cue")
	if err := os.WriteFile(spec, []byte(honest(2000)), 0o644); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ from, to string }{{"../../schema", "schema"}, {"../load/testdata/builtin/runtime", "runtime"}} {
		if err := os.CopyFS(filepath.Join(filepath.Dir(spec), c.to), os.DirFS(c.from)); err != nil {
			b.Fatal(err)
		}
	}
	in := []byte(filepath.Dir(spec) + "\n" + spec)
	for b.Loop() {
		if out, err := evaluate(in); err != nil || len(out) > 0 {
			b.Fatalf("%.500s\n%v", out, err)
		}
	}
}
