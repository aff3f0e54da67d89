// Package registry speaks to a Schema Registry: which schema has which id. It
// knows nothing of Avro, Protobuf or JSON Schema; a schema is a text here.
//
//	registry_gen.go  Registry: what the spec says (generated)
//	registry.go      Session: what a converter asks
//	question.go      how it is asked, once
//	memory.go        what was answered, kept
//	wire.go          the five bytes before a message
//	client.go        addresses, logins, TLS    http.go  one exchange
//	verdict.go       what an error means: away, refused, or the record's
//	hush.go          what a registry says, without our credentials
//	conflict.go      why a registry finds a schema incompatible
//	mock.go          a registry in memory, for tests and builds
//	check.go         whether it is there
//	flow.go          what a build knows of what is read
//
// Errors come in three kinds. A registry that is away (no connection, 5xx,
// 429, an answer that is no registry's) is [connect.Unavailable]: the worker
// waits for it. A registry that will not talk to us (401, 403, a certificate
// that does not hold, a redirect) is [connect.Fatal]: the task fails, since no
// record is at fault and none would pass. All else (an unknown id, an
// incompatible schema) is the record's.
package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"

	"kcgen.dev/runtime/connect"
)

// Kind is a registry's schema type.
type Kind string

// The kinds.
const (
	Avro     Kind = "AVRO"
	Protobuf Kind = "PROTOBUF"
	JSON     Kind = "JSON"
)

// Schema is a schema as a registry holds it.
type Schema struct {
	ID         int
	Kind       Kind
	Text       string
	References []Reference
	Version    int // under the subject that was asked; 0 is unknown
	// Imports are the texts of the references, theirs included, each behind
	// those that it needs itself.
	Imports []Import
}

// Reference names another schema of the registry that a schema uses.
type Reference struct {
	Name    string // as the schema's text calls it
	Subject string
	Version int
}

// Import is the text of a reference.
type Import struct{ Name, Text string }

// Options are what a converter's users say of a registry and of how it is
// used, under Confluent's names.
type Options struct {
	SchemaRegistry            Registry
	AutoRegisterSchemas       bool
	UseLatestVersion          bool
	LatestCompatibilityStrict bool
	NormalizeSchemas          bool
	UseSchemaID               int // 0: none
	SubjectNameStrategy       string
}

// Session is one codec's use of a registry: it asks once for each schema. Its
// methods are for one goroutine at a time.
type Session struct {
	options Options
	kind    Kind
	role    connect.Role
	backend backend
	answers memory
	pending map[question]*asked
	last    struct{ topic, record, subject string }
}

// backend is a registry, real or in memory.
type backend interface {
	byID(ctx context.Context, id int) (sr.Schema, error)
	byVersion(ctx context.Context, subject string, version int) (sr.SubjectSchema, error) // -1: the latest
	register(ctx context.Context, subject string, s sr.Schema, normalize bool) (id int, err error)
	lookup(ctx context.Context, subject string, s sr.Schema, normalize bool) (id int, err error)
	version(ctx context.Context, subject string, s sr.Schema) (int, error) // deleted or not
}

// ErrHeader is the error of a converter that is to write or read headers.
var ErrHeader = errors.New("headers have no subject in a registry; use a converter without one for them")

// Open makes a session. It asks nothing yet, so a registry that is down does
// not keep a task from starting.
func Open(o Options, kind Kind, role connect.Role) (*Session, error) {
	if role == connect.RoleHeader {
		return nil, fmt.Errorf("registry: %w", ErrHeader)
	}
	b, err := o.SchemaRegistry.open()
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	return &Session{options: o, kind: kind, role: role, backend: b, pending: map[question]*asked{}}, nil
}

// Read gives the schema of an id.
func (s *Session) Read(id int) (Schema, error) {
	if id < 0 {
		return Schema{}, fmt.Errorf("registry: schema id %d: no registry gives negative ids; the bytes are no message in Confluent's wire format", id)
	}
	return s.ask(question{what: whatID, id: id}, Schema{})
}

// Latest gives the latest version of the subject of a topic and a record name:
// the reader's schema under use.latest.version. Whoever keeps the answer keeps
// it for longer than latestCacheTtl; asking again costs a look into a map.
func (s *Session) Latest(topic, record string) (Schema, error) {
	subject, err := s.subject(topic, record)
	if err != nil {
		return Schema{}, err
	}
	return s.ask(question{what: whatLatest, subject: subject}, Schema{})
}

// Version gives the version that the schema of an id has under the subject of a
// topic and a record name; ok is false where it has none there, as in a topic
// whose data were copied from another one. Confluent's converters fail then.
func (s *Session) Version(topic, record string, id int) (version int, ok bool, err error) {
	own, err := s.Read(id)
	if err != nil {
		return 0, false, err
	}
	subject, err := s.subject(topic, record)
	if err != nil {
		return 0, false, nil // no name, no subject
	}
	got, err := s.ask(question{what: whatVersion, subject: subject, id: id}, own)
	return got.Version, got.Version > 0, err
}

// Write gives the schema under which data of the schema own is to be written:
// own with its id, registered or looked up as the options say, or the latest
// version, which may differ from own. The caller keeps the answer for each of
// its schemas, or asks again for the price of a look into a map.
func (s *Session) Write(topic, record string, own Schema) (Schema, error) {
	if s.options.UseSchemaID != 0 {
		return s.Read(s.options.UseSchemaID)
	}
	if s.options.UseLatestVersion && !s.options.AutoRegisterSchemas {
		return s.Latest(topic, record)
	}
	subject, err := s.subject(topic, record)
	if err != nil {
		return Schema{}, err
	}
	q := question{what: whatSchema, subject: subject, text: own.Text}
	for _, r := range own.References { // the same text may mean something else with others
		q.text += fmt.Sprintf("\x00%s\x00%s\x00%d", r.Name, r.Subject, r.Version)
	}
	return s.ask(q, own)
}

// subject names what a schema is filed under (subject.name.strategy).
func (s *Session) subject(topic, record string) (string, error) {
	if l := &s.last; l.subject != "" && l.topic == topic && l.record == record {
		return l.subject, nil
	}
	subject, err := s.name(topic, record)
	if err != nil {
		return "", err
	}
	// The names may lie in a connector's buffer.
	s.last.topic, s.last.record, s.last.subject = strings.Clone(topic), strings.Clone(record), strings.Clone(subject)
	return s.last.subject, nil
}

func (s *Session) name(topic, record string) (string, error) {
	strategy := s.options.SubjectNameStrategy
	switch {
	case strategy == "" || strategy == "TopicNameStrategy":
		return topic + "-" + s.role.String(), nil
	case record == "":
		return "", fmt.Errorf("registry: subjectNameStrategy %s needs a schema with a name; this one has none", strategy)
	case strategy == "TopicRecordNameStrategy":
		return topic + "-" + record, nil
	case record == "." || record == "..": // they would lead out of the URL's path
		return "", fmt.Errorf("registry: subjectNameStrategy %s: %q is no name for a subject", strategy, record)
	}
	return record, nil
}
