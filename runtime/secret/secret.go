// Package secret holds values that must never be seen, and resolves the
// references ${env:NAME}, ${file:PATH:KEY} and ${dir:PATH:FILE} of a pipeline
// when it starts, as Kafka Connect's config providers do (KIP-297, KIP-421,
// KIP-887).
//
//	secret.go      Secret
//	resolve.go     Resolve: the walk over the pipeline
//	reference.go   one string with references in it
//	properties.go  Java's properties files
package secret

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// Secret is a value that is known by its reference alone until [Resolve] has
// read it, and that no way of printing shows. The zero Secret is "left out".
type Secret struct {
	ref string
	// A pointer, because fmt prints the fields of an unexported field without
	// asking its methods: it then shows an address.
	value *string
}

// Ref makes a secret of its reference: "${env:NAME}", "${file:PATH:KEY}" or
// "${dir:PATH:FILE}".
func Ref(reference string) Secret { return Secret{ref: reference} }

// IsZero reports whether the secret was left out.
func (s Secret) IsZero() bool { return s.ref == "" && s.value == nil }

// Reveal is the value itself; "" before it was resolved. Hand it to what needs
// it and to nothing else.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// String is the reference, never the value. What is no reference is not shown
// either: somebody may have written the secret itself there.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	if parts, err := parse(s.ref); err == nil && len(parts) == 1 && parts[0].kind != "" {
		return s.ref
	}
	return "[secret]"
}

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// Format writes String, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalJSON gives String as JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText gives String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
