package servertest

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"testing"
)

// The versions of the independent reader of Protobuf: protoc with its Python
// code, and what that code needs.
const (
	grpcioToolsVersion    = "1.85.1"
	pythonProtobufVersion = "7.36.2"
)

//go:embed protobuf/echo.py
var protobufEcho string

// ProtobufCase is a message, and the .proto files that say what it is: Main is
// the one that declares it, and imports the others.
type ProtobufCase struct {
	Files   map[string]string `json:"files"`
	Main    string            `json:"main"`
	Message string            `json:"message"` // its name, without the package
	Data    []byte            `json:"-"`
}

// Protoc reads each case by Python code that protoc generates, and writes it
// again. It gives the bytes, and the message as Protobuf's JSON.
func Protoc(t testing.TB, cases []ProtobufCase) (data [][]byte, values []string) {
	t.Helper()
	needServers(t, "protoc")
	dir, err := InstallProtoc(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var in bytes.Buffer
	for _, c := range cases {
		line, err := json.Marshal(struct {
			ProtobufCase
			Data string `json:"data"`
		}{c, hex.EncodeToString(c.Data)})
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	const what = "protoc's Python code"
	answers := python(t, what, protobufEcho, dir, in.Bytes(), len(cases), "TMPDIR="+t.TempDir())
	return echoes(t, what, answers, func(i int) string { return cases[i].Files[cases[i].Main] })
}

// InstallProtoc fetches protoc with its Python library, unless it is there, and
// returns the folder to find them in.
func InstallProtoc(ctx context.Context) (string, error) {
	return install(ctx, recipe{name: "protoc-python", version: grpcioToolsVersion, files: pythonProtobufVersion,
		build: func(ctx context.Context, dir string) error {
			return pipInstall(ctx, dir, "--no-deps", "grpcio-tools=="+grpcioToolsVersion, "protobuf=="+pythonProtobufVersion)
		}})
}
