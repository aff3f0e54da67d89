// Package registry speaks to a Schema Registry: which schema has which id. It
// knows nothing of Avro, Protobuf or JSON Schema; a schema is a text here.
package registry

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
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

// Session is one codec's use of a registry: it asks once for each schema.
type Session struct {
	options Options
	kind    Kind
	role    connect.Role
	client  *sr.Client
	ids     map[int]Schema
	written map[written]Schema
	latest  map[string]Schema
}

// written is what a schema is written under.
type written struct{ subject, text string }

// requestTimeout bounds one question.
const requestTimeout = 10 * time.Second

// Open makes a session. It asks nothing yet, so a registry that is down does
// not keep a task from starting.
func Open(o Options, kind Kind, role connect.Role) (*Session, error) {
	if role == connect.RoleHeader {
		return nil, errors.New("registry: headers have no subject in a registry; use a converter without one for them")
	}
	client, err := o.SchemaRegistry.client()
	if err != nil {
		return nil, err
	}
	return &Session{
		options: o, kind: kind, role: role, client: client,
		ids: map[int]Schema{}, written: map[written]Schema{}, latest: map[string]Schema{},
	}, nil
}

// Read gives the schema of an id.
func (s *Session) Read(id int) (Schema, error) {
	if found, ok := s.ids[id]; ok {
		return found, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	got, err := s.client.SchemaByID(ctx, id)
	if err != nil {
		return Schema{}, fmt.Errorf("registry: schema id %d: %w", id, err)
	}
	found, err := s.resolve(ctx, id, got)
	if err != nil {
		return Schema{}, fmt.Errorf("registry: schema id %d: %w", id, err)
	}
	s.ids[id] = found
	return found, nil
}

// Latest gives the latest version of the subject of a topic and a record name:
// the reader's schema under use.latest.version.
func (s *Session) Latest(topic, record string) (Schema, error) {
	subject, err := s.subject(topic, record)
	if err != nil {
		return Schema{}, err
	}
	if found, ok := s.latest[subject]; ok {
		return found, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	got, err := s.client.SchemaByVersion(ctx, subject, -1)
	if err != nil {
		return Schema{}, fmt.Errorf("registry: latest version of %s: %w", subject, err)
	}
	found, err := s.resolve(ctx, got.ID, got.Schema)
	if err != nil {
		return Schema{}, fmt.Errorf("registry: latest version of %s: %w", subject, err)
	}
	s.latest[subject] = found
	return found, nil
}

// Write gives the schema under which data of the schema own is to be written:
// own with its id, registered or looked up as the options say, or the latest
// version, which may differ from own. The caller keeps the answer for each of
// its schemas; asking again costs a look into a map.
func (s *Session) Write(topic, record string, own Schema) (Schema, error) {
	if s.options.UseSchemaID != 0 {
		return s.Read(s.options.UseSchemaID)
	}
	subject, err := s.subject(topic, record)
	if err != nil {
		return Schema{}, err
	}
	if s.options.UseLatestVersion && !s.options.AutoRegisterSchemas {
		return s.Latest(topic, record)
	}
	key := written{subject, own.Text}
	if found, ok := s.written[key]; ok {
		return found, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	if s.options.NormalizeSchemas {
		ctx = sr.WithParams(ctx, sr.Normalize)
	}
	if s.options.AutoRegisterSchemas {
		own.ID, err = s.client.RegisterSchema(ctx, subject, wire(s.kind, own), -1, -1)
	} else {
		var found sr.SubjectSchema
		found, err = s.client.LookupSchema(ctx, subject, wire(s.kind, own))
		own.ID = found.ID
	}
	if err != nil {
		return Schema{}, fmt.Errorf("registry: schema of %s: %w", subject, err)
	}
	own.Kind = s.kind
	s.written[key] = own
	return own, nil
}

// subject names what a schema is filed under (subject.name.strategy).
func (s *Session) subject(topic, record string) (string, error) {
	switch s.options.SubjectNameStrategy {
	case "", "TopicNameStrategy":
		return topic + "-" + s.role.String(), nil
	}
	if record == "" {
		return "", fmt.Errorf("registry: subjectNameStrategy %s needs a schema with a name; this one has none", s.options.SubjectNameStrategy)
	}
	if s.options.SubjectNameStrategy == "TopicRecordNameStrategy" {
		return topic + "-" + record, nil
	}
	return record, nil
}

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
		seen[r.Name] = true
		got, err := s.client.SchemaByVersion(ctx, r.Subject, r.Version)
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

// magic begins a message in Confluent's wire format; the id follows.
const magic = 0

// AppendHeader begins a message: the magic byte and the schema's id.
func AppendHeader(dst []byte, id int) []byte {
	return binary.BigEndian.AppendUint32(append(dst, magic), uint32(id))
}

// CutHeader gives the schema's id of a message and what follows it.
func CutHeader(data []byte) (id int, rest []byte, err error) {
	switch {
	case len(data) == 0:
		return 0, nil, errors.New("is empty; Confluent's wire format begins with a magic byte and a schema id")
	case data[0] != magic:
		return 0, nil, fmt.Errorf("begins with byte 0x%02x, not with Confluent's magic byte 0%s", data[0], looksLike(data))
	case len(data) < 5:
		return 0, nil, fmt.Errorf("ends after %d bytes, within the schema id", len(data))
	}
	return int(int32(binary.BigEndian.Uint32(data[1:]))), data[5:], nil
}

// looksLike guesses what data is that is not in the wire format.
func looksLike(data []byte) string {
	switch data[0] {
	case '{', '[', '"':
		return "; it looks like JSON (convert.#JSON)"
	}
	return ""
}
