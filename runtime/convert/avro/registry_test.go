package avro

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"kcgen.dev/runtime/registry"
)

// fakeRegistry speaks as much of a registry's API as a codec asks for.
type fakeRegistry struct {
	sync.Mutex
	texts    []fakeSchema     // by id, from 1
	subjects map[string][]int // ids of the versions
	asked    int
}

type fakeSchema struct {
	Schema     string `json:"schema"`
	References []struct {
		Name, Subject string
		Version       int
	} `json:"references,omitempty"`
}

func newFakeRegistry(t testing.TB) (*fakeRegistry, registry.Registry) {
	f := &fakeRegistry{subjects: map[string][]int{}}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return f, registry.Registry{URL: []string{s.URL}}
}

// register adds a version to a subject.
func (f *fakeRegistry) register(subject string, s fakeSchema) int {
	f.Lock()
	defer f.Unlock()
	for i, old := range f.texts {
		if old.Schema == s.Schema {
			return f.file(subject, i+1)
		}
	}
	f.texts = append(f.texts, s)
	return f.file(subject, len(f.texts))
}

func (f *fakeRegistry) file(subject string, id int) int {
	for _, old := range f.subjects[subject] {
		if old == id {
			return id
		}
	}
	f.subjects[subject] = append(f.subjects[subject], id)
	return id
}

func (f *fakeRegistry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.Lock()
	f.asked++
	f.Unlock()
	w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	var out any
	switch {
	case r.Method == "POST":
		var s fakeSchema
		if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		if len(parts) == 2 && f.find(parts[1], s.Schema) == 0 {
			missing(w, 40403, "Schema not found")
			return
		}
		id := f.register(parts[1], s)
		out = map[string]any{"id": id, "subject": parts[1], "version": f.version(parts[1], id), "schema": s.Schema}
	case parts[0] == "schemas":
		id, _ := strconv.Atoi(parts[2])
		f.Lock()
		defer f.Unlock()
		if id < 1 || id > len(f.texts) {
			missing(w, 40403, "Schema not found")
			return
		}
		out = f.texts[id-1]
	default:
		f.Lock()
		defer f.Unlock()
		ids := f.subjects[parts[1]]
		if len(ids) == 0 {
			missing(w, 40401, "Subject not found")
			return
		}
		n := len(ids)
		if v, err := strconv.Atoi(parts[3]); err == nil && v > 0 {
			n = v
		}
		s := f.texts[ids[n-1]-1]
		out = map[string]any{"subject": parts[1], "id": ids[n-1], "version": n, "schema": s.Schema, "references": s.References}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (f *fakeRegistry) version(subject string, id int) int {
	f.Lock()
	defer f.Unlock()
	return 1 + slices.Index(f.subjects[subject], id)
}

func (f *fakeRegistry) find(subject, text string) int {
	f.Lock()
	defer f.Unlock()
	for _, id := range f.subjects[subject] {
		if f.texts[id-1].Schema == text {
			return id
		}
	}
	return 0
}

func missing(w http.ResponseWriter, code int, message string) {
	w.WriteHeader(404)
	fmt.Fprintf(w, `{"error_code":%d,"message":%q}`, code, message)
}
