package image

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func program(target string) Program {
	return Program{
		Name: "orders", Target: target, Binary: []byte("\x7fELF " + target), Ports: []string{"8083"},
		Docs:   map[string][]byte{"orders.cdx.json": []byte("{}")},
		Labels: map[string]string{"org.opencontainers.image.title": "orders"},
	}
}

func archiveOf(t *testing.T, at time.Time, targets ...string) []byte {
	t.Helper()
	var programs []Program
	for _, target := range targets {
		programs = append(programs, program(target))
	}
	img, err := New("Orders & more", programs, at)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := img.Archive(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// laidOut unpacks an archive and opens it as an OCI layout.
func laidOut(t *testing.T, archive []byte) v1.ImageIndex {
	t.Helper()
	dir := t.TempDir()
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		data, err2 := io.ReadAll(r)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		file := filepath.Join(dir, h.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// TestArchive reads an archive as OCI has it, and as Docker has it: they are one
// image.
func TestArchive(t *testing.T) {
	archive := archiveOf(t, time.Time{}, "linux/amd64")
	index := laidOut(t, archive)
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 {
		t.Fatalf("%+v, %v", manifest, err)
	}
	img, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag("docker.io/library/orders-more:latest")
	if err != nil {
		t.Fatal(err)
	}
	docker, err := tarball.Image(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive)), nil }, &tag)
	if err != nil {
		t.Fatal(err)
	}
	a, errA := img.ConfigName()
	b, errB := docker.ConfigName()
	if a != b || errA != nil || errB != nil {
		t.Errorf("OCI's image is %v, %v, Docker's %v, %v", a, errA, b, errB)
	}
	checkConfig(t, img)
	checkFiles(t, img)
}

func checkConfig(t *testing.T, img v1.Image) {
	t.Helper()
	c, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(c.Config)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"Entrypoint":["/usr/local/bin/orders"],"Env":["PATH=/usr/local/bin","HOME=/home/nonroot"],` +
		`"Labels":{"org.opencontainers.image.title":"orders"},"User":"65532:65532","WorkingDir":"/home/nonroot",` +
		`"ExposedPorts":{"8083/tcp":{}},"StopSignal":"SIGTERM"}`
	if string(got) != want {
		t.Errorf("the configuration is\n%s\nwant\n%s", got, want)
	}
	if c.OS != "linux" || c.Architecture != "amd64" || !c.Created.Equal(time.Unix(0, 0)) || len(c.History) != 2 {
		t.Errorf("%+v", c)
	}
}

// checkFiles holds the image to the files that it may have.
func checkFiles(t *testing.T, img v1.Image) {
	t.Helper()
	var list []string
	r := mutate.Extract(img)
	defer r.Close()
	for files := tar.NewReader(r); ; {
		h, err := files.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%s %04o %d:%d", strings.TrimSuffix(h.Name, "/"), h.Mode, h.Uid, h.Gid))
		data, err := io.ReadAll(files)
		switch {
		case err != nil:
			t.Fatal(err)
		case strings.HasSuffix(h.Name, ".crt"):
			checkCertificates(t, data)
		case strings.HasSuffix(h.Name, "/passwd") && !strings.Contains(string(data), "\nnonroot:x:65532:65532:"):
			t.Errorf("passwd is %q", data)
		}
	}
	slices.Sort(list)
	want := []string{
		"etc 0755 0:0", "etc/group 0644 0:0", "etc/passwd 0644 0:0", "etc/ssl 0755 0:0", "etc/ssl/certs 0755 0:0",
		"etc/ssl/certs/ca-certificates.crt 0644 0:0", "home 0755 0:0", "home/nonroot 0700 65532:65532", "tmp 1777 0:0",
		"usr 0755 0:0", "usr/local 0755 0:0", "usr/local/bin 0755 0:0", "usr/local/bin/orders 0755 0:0", "usr/share 0755 0:0",
		"usr/share/doc 0755 0:0", "usr/share/doc/orders 0755 0:0", "usr/share/doc/orders/orders.cdx.json 0644 0:0",
	}
	if !slices.Equal(list, want) {
		t.Errorf("the files are\n%s\nwant\n%s", strings.Join(list, "\n"), strings.Join(want, "\n"))
	}
}

func checkCertificates(t *testing.T, data []byte) {
	t.Helper()
	n := 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); err != nil || !c.IsCA {
			t.Errorf("certificate %d: %v", n, err)
		}
		n++
	}
	if n < 100 {
		t.Errorf("there are %d certificates", n)
	}
}

// TestSame: the same programs are the same bytes; another time is not.
func TestSame(t *testing.T) {
	targets := []string{"linux/amd64", "linux/arm64"}
	first := archiveOf(t, time.Time{}, targets...)
	if !bytes.Equal(first, archiveOf(t, time.Time{}, targets...)) {
		t.Error("two archives of one image differ")
	}
	later := archiveOf(t, time.Unix(1700000000, 0), targets...)
	if bytes.Equal(first, later) {
		t.Error("the time is not told")
	}
	if !bytes.Equal(later, archiveOf(t, time.Unix(1700000000, 0), targets...)) {
		t.Error("two archives of one time differ")
	}
}

// TestSeveral finds the image of each machine, in an archive and in a registry.
func TestSeveral(t *testing.T) {
	targets := []string{"linux/amd64", "linux/arm64", "linux/arm"}
	index := laidOut(t, archiveOf(t, time.Time{}, targets...))
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	top, err := index.IndexManifest()
	if err != nil || len(top.Manifests) != 1 {
		t.Fatalf("%+v, %v", top, err)
	}
	several, err := index.ImageIndex(top.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if got := platforms(t, several); got != "linux/amd64 linux/arm64/v8 linux/arm/v7" {
		t.Errorf("it is for %s", got)
	}

	ref, digest := pushed(t, targets...)
	desc, err := remote.Index(ref)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := desc.Digest(); err != nil || got.String() != digest {
		t.Errorf("%s, %v; told was %s", got, err, digest)
	}
	if got := platforms(t, desc); got != "linux/amd64 linux/arm64/v8 linux/arm/v7" {
		t.Errorf("in the registry it is for %s", got)
	}
	alone, _ := pushed(t, "linux/amd64")
	img, err := remote.Image(alone)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(img); err != nil {
		t.Error(err)
	}
}

func platforms(t *testing.T, index v1.ImageIndex) string {
	t.Helper()
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range m.Manifests {
		out = append(out, d.Platform.String())
	}
	return strings.Join(out, " ")
}

// pushed pushes an image into a registry of its own.
func pushed(t *testing.T, targets ...string) (name.Reference, string) {
	t.Helper()
	server := httptest.NewServer(registry.New())
	t.Cleanup(server.Close)
	var programs []Program
	for _, target := range targets {
		programs = append(programs, program(target))
	}
	img, err := New("orders", programs, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	ref := strings.TrimPrefix(server.URL, "http://") + "/team/orders:v1"
	digest, err := img.Push(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(ref)
	if err != nil {
		t.Fatal(err)
	}
	return tag, digest
}

func TestRefused(t *testing.T) {
	for _, target := range []string{"", "darwin/arm64", "windows/amd64", "linux"} {
		if _, err := New("x", []Program{{Name: "x", Target: target}}, time.Time{}); err == nil || !strings.Contains(err.Error(), "images are for linux") {
			t.Errorf("%q: %v", target, err)
		}
	}
	for _, ref := range []string{"", "orders", "orders:v1", "team/orders:v1", "registry.example.com/orders", "registry.example.com/Orders:v1", "registry.example.com/orders:v 1", "/x:y"} {
		if err := Reference(ref); err == nil {
			t.Errorf("%q is taken", ref)
		}
	}
	for _, ref := range []string{"registry.example.com/orders:v1", "localhost:5000/a/b:c", "localhost/a:b", "ghcr.io/acme/orders:1.2"} {
		if err := Reference(ref); err != nil {
			t.Error(err)
		}
	}
	img, err := New("x", []Program{program("linux/amd64")}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(nil)
	server.Close()
	if _, err := img.Push(t.Context(), strings.TrimPrefix(server.URL, "http://")+"/x:y"); err == nil || !strings.Contains(err.Error(), "/x:y") {
		t.Errorf("into no registry: %v", err)
	}
}
