package registry

import (
	"errors"

	"github.com/twmb/franz-go/pkg/sr"
)

// client makes the client of a registry.
func (r Registry) client() (*sr.Client, error) {
	if len(r.URL) == 0 {
		return nil, errors.New("registry: schemaRegistry.url is missing")
	}
	return sr.NewClient(sr.URLs(r.URL...), sr.UserAgent("kcgen"))
}
