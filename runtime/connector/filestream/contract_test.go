package filestream

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/connecttest"
)

// The contract of all connectors, on a regular file.
func TestContract(t *testing.T) {
	t.Run("Source", func(t *testing.T) { connecttest.Source(t, sourceDriver{}) })
	t.Run("Sink", func(t *testing.T) { connecttest.Sink(t, sinkDriver{}) })
}

type sourceDriver struct{}

func (sourceDriver) New(t testing.TB) connecttest.SourceWorld {
	path := filepath.Join(t.TempDir(), "in.txt")
	write(t, path, "")
	return lineFile(path)
}

func (sourceDriver) Invalid(t testing.TB) map[string]connect.Source {
	return map[string]connect.Source{
		"no topic":           Source{File: "x"},
		"negative batchSize": Source{File: "x", Topic: "t", BatchSize: -1},
		"a directory":        Source{File: t.TempDir(), Topic: "t"},
		"NUL in the name":    Source{File: "a\x00b", Topic: "t"},
	}
}

// lineFile is the world of both: a file whose lines are "line N".
type lineFile string

func (f lineFile) Source() connect.Source { return Source{File: string(f), Topic: "t", BatchSize: 40} }

func (f lineFile) Add(t testing.TB, first, n int) {
	var b []byte
	for i := range n {
		b = fmt.Appendf(b, "line %d\n", first+i)
	}
	write(t, string(f), string(b))
}

func (f lineFile) Number(r *connect.Record) (int, error) {
	if r.Topic != "t" || !r.Key.IsNull() || r.Key.Schema != nil || r.Value.Schema != connect.StringSchema ||
		len(r.Headers) > 0 || r.Partition != connect.NoPartition || r.Timestamp <= 0 {
		return 0, fmt.Errorf("unexpected record %+v", r)
	}
	return number(r.Value.Value.Str())
}

func number(line string) (int, error) {
	var n int
	if _, err := fmt.Sscanf(line, "line %d", &n); err != nil || line != "line "+strconv.Itoa(n) {
		return 0, fmt.Errorf("line %q", line)
	}
	return n, nil
}

type sinkDriver struct{}

func (sinkDriver) New(t testing.TB) connecttest.SinkWorld {
	return lineFile(filepath.Join(t.TempDir(), "out.txt"))
}

func (sinkDriver) Invalid(t testing.TB) map[string]connect.Sink {
	dir := t.TempDir()
	return map[string]connect.Sink{
		"a directory":     Sink{File: dir},
		"no directory":    Sink{File: filepath.Join(dir, "no", "out.txt")},
		"NUL in the name": Sink{File: "a\x00b"},
	}
}

func (f lineFile) Sink() connect.Sink { return Sink{File: string(f)} }

func (f lineFile) Record(i int) connect.Record {
	return connect.Record{Topic: "t", Offset: int64(i), Value: connect.Datum{
		Schema: connect.StringSchema, Value: connect.String("line " + strconv.Itoa(i))}}
}

func (f lineFile) Numbers(t testing.TB) ([]int, error) {
	data, err := os.ReadFile(string(f))
	if err != nil {
		return nil, err
	}
	var numbers []int
	for line := range bytes.Lines(data) {
		n, err := number(string(bytes.TrimSuffix(line, []byte("\n"))))
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// write appends to a file, which it makes.
func write(t testing.TB, path, s string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(s); err != nil {
		t.Fatal(err)
	}
}
