package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"
)

func isConflict(err error) bool { return statusOf(err) == http.StatusConflict }

// incompatible is a 409 with its reasons.
type incompatible struct {
	text   string
	err    *sr.ResponseError
	latest Schema // what is registered; without a text where that is not known
}

func (i incompatible) Error() string { return i.text }
func (i incompatible) Unwrap() error { return i.err }

// conflict asks why a schema was found incompatible: with which rule, and what
// of it. It does what it can: a registry that says nothing more leaves what it
// has said in the first place.
func conflict(ctx context.Context, cl *sr.Client, subject string, s sr.Schema, refused error) error {
	var said *sr.ResponseError
	errors.As(refused, &said)
	rule := ""
	if got := cl.Compatibility(sr.WithParams(ctx, sr.DefaultToGlobal), subject); got[0].Err == nil {
		rule = " under the rule " + got[0].Level.String()
	}
	reasons := brief(said.Error())
	check, err := cl.CheckCompatibility(sr.WithParams(ctx, sr.Verbose), subject, -2, s)
	if err == nil && !check.Is {
		if told := details(check.Messages); told != "" {
			reasons = told
		}
	}
	return incompatible{fmt.Sprintf("it is incompatible with what is registered there%s: %s", rule, reasons), said, Schema{}}
}

// details are the messages of a check that say something of the difference;
// Confluent's also repeat the whole old schema.
func details(messages []string) string {
	var out []string
	for _, m := range messages {
		if m = strings.TrimSpace(m); !strings.HasPrefix(m, "{oldSchema:") && !strings.HasPrefix(m, "{validateFields:") && m != "" {
			out = append(out, m)
		}
	}
	return brief(strings.Join(out, "; "))
}

// Differs adds to the error of [Session.Write], where it is a refusal because
// of what is registered, how the schema differs from the latest version: a
// registry names the place by numbers or not at all, and a converter knows the
// fields. Without a difference that compare knows of the error stays.
func Differs(err error, compare func(latest Schema) error) error {
	var refused incompatible
	if !errors.As(err, &refused) || refused.latest.Text == "" {
		return err
	}
	if why := compare(refused.latest); why != nil {
		return fmt.Errorf("%w; beside the latest version: %w", err, why)
	}
	return err
}
