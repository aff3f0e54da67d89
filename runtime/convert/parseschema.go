package convert

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
)

// ParseSchema reads a schema in Kafka Connect's own JSON form, as the envelope
// of its JSON converter has it. The name means nothing here; other schema
// languages choose by it.
func ParseSchema(text, _ string) (*connect.Schema, error) {
	c := &jsonCodec{}
	if err := c.fix([]byte(text)); err != nil {
		return nil, fmt.Errorf("convert: parse schema: %w", err)
	}
	if c.content == nil {
		return nil, errors.New("convert: parse schema: there is none in the text")
	}
	return c.content, nil
}
