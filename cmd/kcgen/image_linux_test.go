package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// TestImageRuns makes an image of an example, unpacks its layers, and runs its
// entry point in them, as its user: a log file becomes a topic, and that a file.
func TestImageRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("make test runs an image")
	}
	dir := t.TempDir()
	archive := filepath.Join(dir, "out.tar")
	var out, stderr bytes.Buffer
	if code := kcgen([]string{"build", "-image", archive, "-label", "org.opencontainers.image.version=v7", "../../examples/log-analysis/pipeline.cue"}, &out, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	root := filepath.Join(dir, "root")
	config := unpackImage(t, archive, root)
	if v := config.Labels["org.opencontainers.image.version"]; v != "v7" {
		t.Errorf("its version is %q", v)
	}
	if d := config.Labels["org.opencontainers.image.description"]; !strings.Contains(d, "application's log") {
		t.Errorf("its description is %q", d)
	}
	broker, err := startBroker(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	if err := os.WriteFile(filepath.Join(root, "tmp", "in.log"), []byte("GET /\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd, in := inImage(t, root, config, "-exit-when-idle", "1s")
	cmd.Env = append(config.Env, "KAFKA_BROKERS="+broker.ListenAddrs()[0], "LOG_FILE="+in+"/tmp/in.log", "ARCHIVE_FILE="+in+"/tmp/out.log")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	got, err := os.ReadFile(filepath.Join(root, "tmp", "out.log"))
	if err != nil || !strings.Contains(string(got), "GET /") {
		t.Errorf("the archive holds %q, %v", got, err)
	}
	checkBill(t, root)
}

// TestImagesOfSeveral makes an image of each spec in a folder, and pushes one of
// both to a registry.
func TestImagesOfSeveral(t *testing.T) {
	if testing.Short() {
		t.Skip("make test builds them")
	}
	dir := t.TempDir()
	spec, err := os.ReadFile("../../examples/log-analysis/pipeline.cue")
	if err != nil {
		t.Fatal(err)
	}
	two := filepath.Join(dir, "two.cue")
	if err := os.WriteFile(two, bytes.Replace(spec, []byte(`name: "log-analysis"`), []byte(`name: "two"`), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	specs := []string{"../../examples/log-analysis/pipeline.cue", two}
	build := func(args ...string) string {
		t.Helper()
		var out, stderr bytes.Buffer
		if code := kcgen(append(append([]string{"build"}, args...), specs...), &out, &stderr); code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, &stderr)
		}
		return out.String()
	}
	build("-image", dir+"/images/", "-sbom", dir+"/bills/")
	for _, file := range []string{"images/log-analysis.tar", "images/two.tar", "bills/log-analysis.cdx.json", "bills/two.cdx.json"} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Size() == 0 {
			t.Error(file, err)
		}
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	ref := strings.TrimPrefix(server.URL, "http://") + "/team/both:v1"
	said := build("-pack", "-o", filepath.Join(dir, "both"), "-image", ref)
	if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(ref) + `@sha256:[0-9a-f]{64}$`).MatchString(said) {
		t.Errorf("it says\n%s", said)
	}
	answer, err := http.Get(server.URL + "/v2/team/both/manifests/v1")
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%+v, %v", answer, err)
	}
	answer.Body.Close()
}

// imageConfig is how an image is to be run.
type imageConfig struct {
	Entrypoint, Env  []string
	User, WorkingDir string
	Labels           map[string]string
}

// unpackImage unpacks an archive's image as docker load reads it.
func unpackImage(t *testing.T, archive, root string) imageConfig {
	t.Helper()
	data, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	eachFile(t, bytes.NewReader(data), func(h *tar.Header, data []byte) { files[h.Name] = data })
	var manifest []struct {
		Config string
		Layers []string
	}
	var about struct {
		Config imageConfig `json:"config"`
	}
	err = errors.Join(json.Unmarshal(files["manifest.json"], &manifest), json.Unmarshal(files[manifest[0].Config], &about))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, layer := range manifest[0].Layers {
		r, err := gzip.NewReader(bytes.NewReader(files[layer]))
		if err != nil {
			t.Fatal(err)
		}
		eachFile(t, r, func(h *tar.Header, data []byte) { unpackFile(t, root, h, data) })
	}
	return about.Config
}

func eachFile(t *testing.T, r io.Reader, do func(*tar.Header, []byte)) {
	t.Helper()
	for files := tar.NewReader(r); ; {
		h, err := files.Next()
		if err == io.EOF {
			return
		}
		data, err2 := io.ReadAll(files)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		do(h, data)
	}
}

func unpackFile(t *testing.T, root string, h *tar.Header, data []byte) {
	t.Helper()
	file := filepath.Join(root, h.Name)
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	switch {
	case h.Typeflag == tar.TypeDir && err == nil:
		err = os.MkdirAll(file, 0o755)
	case err == nil:
		err = os.WriteFile(file, data, 0o600)
	}
	if err == nil {
		err = os.Chmod(file, h.FileInfo().Mode())
	}
	if err == nil && os.Getuid() == 0 {
		err = os.Chown(file, h.Uid, h.Gid)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checkBill holds the bill of materials in an image to what its binary says.
func checkBill(t *testing.T, root string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "usr/share/doc/log-analysis/log-analysis.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(text, &bill); err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, c := range bill.Components {
		told[c.Name] = c.Version
	}
	info, err := buildinfo.ReadFile(filepath.Join(root, "usr/local/bin/log-analysis"))
	if err != nil {
		t.Fatal(err)
	}
	if told["std"] != strings.TrimPrefix(info.GoVersion, "go") || len(told) != len(info.Deps)+1 {
		t.Errorf("the bill names %v, the binary %v", told, info.Deps)
	}
	for _, d := range info.Deps {
		if v, ok := told[d.Path]; !ok || d.Replace == nil && v != d.Version {
			t.Errorf("%s %s is %q in the bill", d.Path, d.Version, v)
		}
	}
}

// inImage is the entry point's command, and where the image's files are for it.
// Only root may change the root of a process; others run the binary where it is.
func inImage(t *testing.T, root string, config imageConfig, args ...string) (*exec.Cmd, string) {
	t.Helper()
	if os.Getuid() != 0 {
		return exec.CommandContext(t.Context(), filepath.Join(root, config.Entrypoint[0]), args...), root
	}
	cmd := exec.CommandContext(t.Context(), config.Entrypoint[0], args...)
	cmd.Dir = config.WorkingDir
	confine(t, cmd, root, config.User)
	return cmd, ""
}

// confine makes a folder all that a process sees, as a user.
func confine(t *testing.T, cmd *exec.Cmd, root, user string) {
	t.Helper()
	var id syscall.Credential
	if _, err := fmt.Sscanf(user, "%d:%d", &id.Uid, &id.Gid); err != nil || id.Uid == 0 {
		t.Fatalf("the image's user is %q: %v", user, err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &id}
}
