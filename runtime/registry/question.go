package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"kcgen.dev/runtime/connect"
)

// question is what is asked of a registry, and what its answer is kept under.
type question struct {
	what          string // begins errors
	id            int
	subject, text string
}

// The questions.
const (
	whatID      = "schema id"
	whatLatest  = "latest version"
	whatSchema  = "schema"
	whatVersion = "version"
)

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
		out, err := s.resolve(ctx, got.ID, got.Schema)
		out.Version = got.Version
		return out, err
	case whatVersion:
		version, err := s.backend.version(ctx, q.subject, wire(s.kind, own))
		if isUnknown(err) {
			return Schema{}, nil
		}
		return Schema{ID: q.id, Version: version}, err
	}
	var err error
	own.Kind = s.kind
	if s.options.AutoRegisterSchemas {
		own.ID, err = s.backend.register(ctx, q.subject, wire(s.kind, own), s.options.NormalizeSchemas)
	} else {
		own.ID, err = s.backend.lookup(ctx, q.subject, wire(s.kind, own), s.options.NormalizeSchemas)
	}
	var refused incompatible
	if errors.As(err, &refused) {
		refused.latest, _ = s.find(ctx, question{what: whatLatest, subject: q.subject}, Schema{})
		err = refused
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
	case q.what == whatVersion:
		return fmt.Sprintf("version of schema id %d under the subject %s", q.id, q.subject)
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
