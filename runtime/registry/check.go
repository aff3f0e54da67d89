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

// Check looks whether the registry answers, and takes the login: for converters'
// connect.Checks. It asks for the types of schemas, which needs no right on a
// subject and changes nothing.
func (r Registry) Check(ctx context.Context, kind Kind) []connect.Finding {
	b, err := r.open()
	if err != nil {
		return []connect.Finding{{What: "the Schema Registry's settings hold", Problem: fmt.Sprintf("registry: %v", err)}}
	}
	c, ok := b.(*client)
	if !ok {
		return nil // in memory
	}
	var out []connect.Finding
	var answered bool
	for _, e := range c.endpoints {
		f := connect.Finding{What: fmt.Sprintf("Schema Registry at %s answers, takes the login and knows %s", e.address, kind)}
		if err := c.knows(ctx, e, kind); err != nil {
			f.Problem = err.Error()
			f.Fix = "see whether schemaRegistry.url and its login are right, and whether the registry runs"
		}
		answered = answered || f.Problem == ""
		out = append(out, f)
	}
	for i := range out { // one is as good as the other
		out[i].Warning = out[i].Problem != "" && answered
	}
	return out
}

// oneCheck is how long one address may take.
const oneCheck = 10 * time.Second

// knows asks one address. Registries that do not tell their types (older ones
// than 5.5, others' with Confluent's interface) know Avro at least, and are
// asked for a schema that nobody has: that is the answer then.
func (c *client) knows(ctx context.Context, e *endpoint, kind Kind) error {
	ctx, cancel := context.WithTimeout(ctx, oneCheck)
	defer cancel()
	var types []sr.SchemaType
	err := c.askOne(e, func(cl *sr.Client) (err error) { types, err = cl.SupportedTypes(ctx); return err })
	switch {
	case errors.Is(err, connect.ErrFatal):
		return fmt.Errorf("registry: %w", err)
	case err != nil:
		return c.answers(ctx, e)
	}
	for _, t := range types {
		if strings.EqualFold(t.String(), string(kind)) {
			return nil
		}
	}
	return fmt.Errorf("registry: it knows %v alone", types)
}

func (c *client) answers(ctx context.Context, e *endpoint) error {
	err := c.askOne(e, func(cl *sr.Client) error { _, err := cl.SchemaByID(ctx, maxID); return err })
	var said *sr.ResponseError
	if errors.As(err, &said) && said.ErrorCode == codeSchema {
		return nil
	}
	if err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	return nil
}

// maxID is an id that no schema has.
const maxID = 1<<31 - 1
