package servertest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// apicurioVersion is the version in apicurio/pom.xml.
const apicurioVersion = "2.6.13.Final"

//go:embed apicurio/pom.xml
var apicurioPOM string

// Apicurio is an Apicurio Registry: one process, on loopback, in the clear and
// without a login, its data on disk. It speaks the API of Confluent's Schema
// Registry, with these differences that tests meet:
//
//   - it checks no compatibility until somebody sets a level (PUT /config or
//     /config/SUBJECT); Confluent's begins with BACKWARD;
//   - a level that was set shows as compatibilityLevel, and defaultToGlobal is
//     taken for given;
//   - a 409 and the check of compatibility name the place (/fields/1) in one
//     line of their own; there is no list of messages, and verbose changes
//     nothing;
//   - a JSON Schema without properties and $schema, such as {"type":"integer"},
//     it takes for none, or for Avro, whatever type is said;
//   - a schema that is registered again under another subject keeps its id,
//     with other references too;
//   - without normalize the look-up compares the text as it stands;
//   - there are no modes: GET and PUT /mode answer 404.
type Apicurio struct {
	*server
	port    int
	ownsDir bool // dir is removed by Close
}

// Registry starts a Schema Registry of the test's own, which may kill and
// pause it. It is stopped when the test ends.
func Registry(t testing.TB) *Apicurio {
	t.Helper()
	needServers(t, "Schema Registry")
	r, err := startApicurio(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r.stopAfter(t)
	return r
}

// StartRegistry starts a Schema Registry for a program that is no test; Close
// ends it.
func StartRegistry(ctx context.Context) (*Apicurio, error) {
	dir, err := tempDir("registry")
	if err != nil {
		return nil, err
	}
	r, err := startApicurio(ctx, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	r.ownsDir = true
	return r, nil
}

var sharedRegistry = sharedServer[*Apicurio]{name: "Schema Registry", start: StartRegistry}

// SharedRegistry is the URL of a Schema Registry that all tests of the package
// use together; the first to ask starts it. Subjects need names of their own
// (see Unique); who wants to kill or pause a registry takes one with Registry.
func SharedRegistry(t testing.TB) string {
	t.Helper()
	return sharedRegistry.get(t).URL()
}

func startApicurio(ctx context.Context, dir string) (*Apicurio, error) {
	home, err := InstallRegistry(ctx)
	if err != nil {
		return nil, err
	}
	java, err := needProgram("java", "openjdk-17-jre-headless")
	if err != nil {
		return nil, err
	}
	r := &Apicurio{server: &server{name: "registry", dir: dir}}
	r.ready = r.isReady
	r.command = func() *exec.Cmd {
		cmd := exec.Command(java, "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
			"-Dquarkus.http.host=127.0.0.1", "-Dquarkus.http.port="+strconv.Itoa(r.port),
			"-jar", filepath.Join(home, "apicurio-registry-app-"+apicurioVersion+"-runner.jar"))
		cmd.Dir = dir
		// What was acknowledged is on disk: a kill loses nothing.
		cmd.Env = append(os.Environ(), "REGISTRY_DATASOURCE_URL=jdbc:h2:file:"+filepath.Join(dir, "db")+";WRITE_DELAY=0")
		return cmd
	}
	if err := r.startOn(&r.port, "already bound"); err != nil {
		r.Close()
		return nil, err
	}
	r.warmUp(ctx)
	return r, nil
}

// warmUp has the registry load its code, which can take seconds on a machine
// that has other things to do: a schema of each kind, under the subject
// warm-up-KIND.
func (r *Apicurio) warmUp(ctx context.Context) {
	for kind, schema := range map[string]string{
		"AVRO": `"string"`, "JSON": `{"type":"object","properties":{"a":{"type":"string"}}}`, "PROTOBUF": `syntax = "proto3"; message M {}`,
	} {
		body := fmt.Sprintf(`{"schemaType":%q,"schema":%q}`, kind, schema)
		for _, path := range []string{"/versions", "?normalize=true"} { // register, look up
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL()+"/subjects/warm-up-"+kind+path, strings.NewReader(body))
			if err != nil {
				return
			}
			req.Header.Set("Content-Type", "application/vnd.schemaregistry.v1+json")
			if resp, err := http.DefaultClient.Do(req); err == nil {
				resp.Body.Close()
			}
		}
	}
}

// isReady asks for the list of subjects.
func (r *Apicurio) isReady(ctx context.Context) error {
	var names []string
	return getJSON(ctx, r.URL()+"/subjects", &names)
}

// URL is where the registry speaks Confluent's API; it stays the same over
// restarts.
func (r *Apicurio) URL() string { return "http://" + loopback(r.port) + "/apis/ccompat/v7" }

// Stop ends the registry in an orderly way; Start goes on with its data.
func (r *Apicurio) Stop() { r.stop() }

// Close stops the registry and removes the data that StartRegistry made a
// folder for.
func (r *Apicurio) Close() {
	if r == nil {
		return
	}
	r.stop()
	if r.ownsDir {
		_ = os.RemoveAll(r.dir)
	}
}

// InstallRegistry fetches the registry, unless it is there, and returns its
// folder.
func InstallRegistry(ctx context.Context) (string, error) {
	return install(ctx, recipe{
		name: "apicurio", version: apicurioVersion, files: apicurioPOM,
		build: func(ctx context.Context, dir string) error {
			return maven(ctx, apicurioPOM, "unpack-dependencies", "-DoutputDirectory="+dir)
		},
	})
}
