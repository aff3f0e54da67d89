package servertest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"kcgen.dev/runtime/servertest"
)

// What the registry has acknowledged survives a kill, at the same address.
func TestRegistryRestartKeepsData(t *testing.T) {
	r := servertest.Registry(t)
	url := r.URL()
	post(t, url+"/subjects/kept-value/versions", `{"schema":"\"string\""}`)
	if err := r.Restart(); err != nil {
		t.Fatal(err)
	}
	if r.URL() != url {
		t.Errorf("address %s became %s", url, r.URL())
	}
	if got := get(t, url+"/subjects"); !strings.Contains(got, `"kept-value"`) {
		t.Errorf("after a restart the subjects are %s", got)
	}
}

func TestSharedRegistryIsOne(t *testing.T) {
	if one, two := servertest.SharedRegistry(t), servertest.SharedRegistry(t); one != two {
		t.Errorf("two registries were started: %s, %s", one, two)
	}
}

func post(t *testing.T, url, body string) string {
	t.Helper()
	resp, err := http.Post(url, "application/vnd.schemaregistry.v1+json", strings.NewReader(body))
	return answer(t, resp, err)
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	return answer(t, resp, err)
}

func answer(t *testing.T, resp *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v: %s", resp.Status, err, body)
	}
	return string(body)
}
