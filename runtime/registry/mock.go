package registry

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/sr"
)

// A URL mock://SCOPE is a registry in memory that all sessions of the process
// share which name the scope: for unit tests, and for the chains that a build
// tests without a network. Ids count from 1, the same schema has the same id
// under every subject, and nothing is checked for compatibility, as in
// Confluent's mock of the same name. Specs cannot name it.
const mockScheme = "mock://"

// Offline is the registry in memory of converters that have no network.
func Offline() Registry { return Registry{URL: []string{mockScheme + "offline"}} }

var mocks = struct {
	sync.Mutex
	scopes map[string]*mock
}{scopes: map[string]*mock{}}

func mockScope(addresses []string) (string, bool) {
	return strings.CutPrefix(addresses[0], mockScheme)
}

func openMock(scope string) *mock {
	mocks.Lock()
	defer mocks.Unlock()
	m := mocks.scopes[scope]
	if m == nil {
		m = &mock{subjects: map[string][]int{}}
		mocks.scopes[scope] = m
	}
	return m
}

// DropMock forgets the registry mock://SCOPE. Sessions that are open keep it.
func DropMock(scope string) {
	mocks.Lock()
	defer mocks.Unlock()
	delete(mocks.scopes, scope)
}

type mock struct {
	mu       sync.Mutex
	schemas  []sr.Schema      // of the ids 1, 2, …
	subjects map[string][]int // the ids of the versions 1, 2, …
}

func (m *mock) byID(_ context.Context, id int) (sr.Schema, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id < 1 || id > len(m.schemas) {
		return sr.Schema{}, missing(codeSchema, "Schema %d not found in memory, where only what this program wrote is registered", id)
	}
	return m.schemas[id-1], nil
}

func (m *mock) byVersion(_ context.Context, subject string, version int) (sr.SubjectSchema, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := m.subjects[subject]
	if version == -1 {
		version = len(ids)
	}
	switch {
	case len(ids) == 0:
		return sr.SubjectSchema{}, missing(codeSubject, "Subject '%s' not found.", subject)
	case version < 1 || version > len(ids):
		return sr.SubjectSchema{}, missing(codeVersion, "Version %d not found.", version)
	}
	id := ids[version-1]
	return sr.SubjectSchema{Subject: subject, Version: version, ID: id, Schema: m.schemas[id-1]}, nil
}

func (m *mock) register(_ context.Context, subject string, s sr.Schema, _ bool) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range s.References {
		if v := r.Version; v < 1 || v > len(m.subjects[r.Subject]) {
			return 0, &sr.ResponseError{StatusCode: http.StatusUnprocessableEntity, ErrorCode: 42201,
				Message: fmt.Sprintf("Invalid schema: no schema reference found for subject %q and version %d", r.Subject, v)}
		}
	}
	id := m.find(s)
	if id == 0 {
		m.schemas = append(m.schemas, s)
		id = len(m.schemas)
	}
	if !slices.Contains(m.subjects[subject], id) {
		m.subjects[subject] = append(m.subjects[subject], id)
	}
	return id, nil
}

func (m *mock) lookup(_ context.Context, subject string, s sr.Schema, _ bool) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.subjects[subject]) == 0 {
		return 0, missing(codeSubject, "Subject '%s' not found.", subject)
	}
	if id := m.find(s); id != 0 && slices.Contains(m.subjects[subject], id) {
		return id, nil
	}
	return 0, missing(codeSchema, "Schema not found")
}

func (m *mock) version(ctx context.Context, subject string, s sr.Schema) (int, error) {
	id, err := m.lookup(ctx, subject, s, false)
	if err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return 1 + slices.Index(m.subjects[subject], id), nil
}

// find gives the id of a schema; 0 where it has none.
func (m *mock) find(s sr.Schema) int {
	return 1 + slices.IndexFunc(m.schemas, func(o sr.Schema) bool {
		return o.Schema == s.Schema && o.Type == s.Type && slices.Equal(o.References, s.References)
	})
}

func missing(code int, format string, args ...any) error {
	return &sr.ResponseError{StatusCode: http.StatusNotFound, ErrorCode: code, Message: fmt.Sprintf(format, args...)}
}
