// Package registry speaks to a Schema Registry: which schema has which id. It
// knows nothing of Avro, Protobuf or JSON Schema; a schema is a text here.
//
//	registry_gen.go  Registry: what the spec says (generated)
//	registry.go      Session: what a converter asks
//	memory.go        what was answered, kept
//	wire.go          the five bytes before a message
//	client.go        addresses, logins, TLS    http.go  one exchange
//	verdict.go       what an error means: away, refused, or the record's
//	conflict.go      why a registry finds a schema incompatible
//	mock.go          a registry in memory, for tests and builds
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
	"time"

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
}

// Open makes a session. It asks nothing yet, so a registry that is down does
// not keep a task from starting.
func Open(o Options, kind Kind, role connect.Role) (*Session, error) {
	if role == connect.RoleHeader {
		return nil, errors.New("registry: headers have no subject in a registry; use a converter without one for them")
	}
	b, err := o.SchemaRegistry.open()
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	return &Session{options: o, kind: kind, role: role, backend: b, pending: map[question]*asked{}}, nil
}

// question is what is asked of a registry, and what its answer is kept under.
type question struct {
	what          string // begins errors
	id            int
	subject, text string
}

// The questions.
const (
	whatID     = "schema id"
	whatLatest = "latest version"
	whatSchema = "schema"
)

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

// patience is how long a caller is kept waiting. A question that takes longer
// goes on behind the caller's back, who asks again and meanwhile may be
// stopped.
const patience = 2 * time.Second

// asked is a question on its way.
type asked struct {
	done   chan struct{}
	schema Schema // these two before done is closed
	err    error
}

// ask gives what is known, or asks; own is the schema that the question is
// about, if it is about one.
func (s *Session) ask(q question, own Schema) (Schema, error) {
	if a, ok := s.answers.get(q); ok {
		return a.schema, a.err
	}
	p := s.pending[q]
	if p == nil {
		p = s.start(q, own)
	}
	if _, ok := s.backend.(*mock); ok {
		<-p.done // it is there at once
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-p.done:
	case <-wait.C:
		return Schema{}, connect.Unavailable(fmt.Errorf("registry: %s: no answer for %v, and still asking", s.label(q), patience))
	}
	delete(s.pending, q)
	if p.err != nil {
		p.err = fmt.Errorf("registry: %s: %w", s.label(q), s.explain(q, p.err))
		p.schema = Schema{}
	}
	s.answers.put(q, p.schema, p.err, s.options.SchemaRegistry.LatestCacheTTL)
	return p.schema, p.err
}

// start puts a question on its way, and lets go of those that nobody asked
// again.
func (s *Session) start(q question, own Schema) *asked {
	for old, p := range s.pending {
		select {
		case <-p.done:
			delete(s.pending, old)
		default:
		}
	}
	p := &asked{done: make(chan struct{})}
	s.pending[q] = p
	go func() {
		defer close(p.done)
		defer func() {
			if r := recover(); r != nil {
				p.err = fmt.Errorf("panic: %v", r)
			}
		}()
		p.schema, p.err = s.find(context.Background(), q, own)
	}()
	return p
}

// find asks the registry. It runs beside the session's other methods, and
// uses of it only what never changes.
func (s *Session) find(ctx context.Context, q question, own Schema) (Schema, error) {
	switch q.what {
	case whatID:
		got, err := s.backend.byID(ctx, q.id)
		if err != nil {
			return Schema{}, err
		}
		return s.resolve(ctx, q.id, got)
	case whatLatest:
		got, err := s.backend.byVersion(ctx, q.subject, -1)
		if err != nil {
			return Schema{}, err
		}
		return s.resolve(ctx, got.ID, got.Schema)
	}
	var err error
	own.Kind = s.kind
	if s.options.AutoRegisterSchemas {
		own.ID, err = s.backend.register(ctx, q.subject, wire(s.kind, own), s.options.NormalizeSchemas)
	} else {
		own.ID, err = s.backend.lookup(ctx, q.subject, wire(s.kind, own), s.options.NormalizeSchemas)
	}
	return own, err
}

// label says what was asked.
func (s *Session) label(q question) string {
	switch {
	case q.what == whatID && s.options.UseSchemaID == q.id:
		return fmt.Sprintf("schema id %d (useSchemaId)", q.id)
	case q.what == whatID:
		return fmt.Sprintf("schema id %d of a record's %s", q.id, s.role)
	}
	return q.what + " of the subject " + q.subject
}

// maxImports bounds what one schema may refer to, all in all.
const maxImports = 1000

// resolve reads what a schema refers to.
func (s *Session) resolve(ctx context.Context, id int, got sr.Schema) (Schema, error) {
	out := Schema{ID: id, Kind: Kind(got.Type.String()), Text: got.Schema}
	if out.Kind != s.kind {
		return Schema{}, fmt.Errorf("is of type %s, not %s", out.Kind, s.kind)
	}
	for _, r := range got.References {
		out.References = append(out.References, Reference{r.Name, r.Subject, r.Version})
	}
	seen := map[string]bool{}
	return out, s.follow(ctx, got.References, seen, &out.Imports)
}

func (s *Session) follow(ctx context.Context, refs []sr.SchemaReference, seen map[string]bool, out *[]Import) error {
	for _, r := range refs {
		if seen[r.Name] {
			continue
		}
		if len(seen) == maxImports {
			return fmt.Errorf("refers to more than %d schemas", maxImports)
		}
		seen[r.Name] = true
		got, err := s.backend.byVersion(ctx, r.Subject, r.Version)
		if err != nil {
			return fmt.Errorf("reference %s (version %d of %s): %w", r.Name, r.Version, r.Subject, err)
		}
		if err := s.follow(ctx, got.References, seen, out); err != nil {
			return err
		}
		*out = append(*out, Import{r.Name, got.Schema.Schema})
	}
	return nil
}

// wire is a schema as the client wants it.
func wire(kind Kind, s Schema) sr.Schema {
	out := sr.Schema{Schema: s.Text}
	_ = out.Type.UnmarshalText([]byte(kind)) // the kinds are the client's own names
	for _, r := range s.References {
		out.References = append(out.References, sr.SchemaReference{Name: r.Name, Subject: r.Subject, Version: r.Version})
	}
	return out
}
