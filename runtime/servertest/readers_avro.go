package servertest

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The versions of the independent readers of Avro.
const (
	avroToolsVersion = "1.12.0" // in avro/pom.xml
	fastavroVersion  = "1.13.1"
)

//go:embed avro/pom.xml
var avroPOM string

//go:embed avro/echo.py
var avroEcho string

// AvroCase is data in Avro's binary encoding, and the schema they were written
// under.
type AvroCase struct {
	Schema string
	Data   []byte
}

// Fastavro reads each case by Python's fastavro and writes it again. It gives
// the bytes, and what Python calls the value.
func Fastavro(t testing.TB, cases []AvroCase) (data [][]byte, values []string) {
	t.Helper()
	needServers(t, "fastavro")
	dir, err := InstallFastavro(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var in bytes.Buffer
	for _, c := range cases {
		line, err := json.Marshal(map[string]any{"schema": json.RawMessage(c.Schema), "data": hex.EncodeToString(c.Data)})
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	answers := python(t, "fastavro", avroEcho, dir, in.Bytes(), len(cases), "TZ=UTC")
	return echoes(t, "fastavro", answers, func(i int) string { return cases[i].Schema })
}

// JavaAvro reads data of one schema, one datum behind the other, by Avro's own
// Java library, and writes them again. It gives the bytes, and the data as
// Avro's JSON.
func JavaAvro(t testing.TB, c AvroCase) (data []byte, text string) {
	t.Helper()
	needServers(t, "Java with Avro")
	json := javaAvro(t, c.Schema, "fragtojson", c.Data)
	return javaAvro(t, c.Schema, "jsontofrag", json), string(json)
}

func javaAvro(t testing.TB, schema, tool string, in []byte) []byte {
	t.Helper()
	home, err := InstallJavaAvro(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	java, err := needProgram("java", "openjdk-17-jre-headless")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(file, in, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), java, "-Xmx256m", "-cp", filepath.Join(home, "*"), "org.apache.avro.tool.Main", tool, schema, file)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("servertest: %s of Avro's tools: %v\n%s", tool, err, stderr.Bytes())
	}
	return out
}

// InstallJavaAvro fetches Avro's Java library with its tools, unless it is
// there, and returns the folder of its jar.
func InstallJavaAvro(ctx context.Context) (string, error) {
	return install(ctx, recipe{name: "avro-tools", version: avroToolsVersion, files: avroPOM,
		build: func(ctx context.Context, dir string) error { return mavenJars(ctx, avroPOM, dir) }})
}

// InstallFastavro fetches fastavro, unless it is there, and returns the folder
// to find it in.
func InstallFastavro(ctx context.Context) (string, error) {
	return install(ctx, recipe{name: "fastavro", version: fastavroVersion,
		build: func(ctx context.Context, dir string) error {
			return pipInstall(ctx, dir, "--no-deps", "fastavro=="+fastavroVersion)
		}})
}
