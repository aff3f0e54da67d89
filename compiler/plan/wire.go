package plan

import (
	"encoding/gob"
	"fmt"
	"io"
)

// Encode writes a plan for Decode.
func Encode(w io.Writer, p *Pipeline) error {
	register()
	if err := gob.NewEncoder(w).Encode(p); err != nil {
		return fmt.Errorf("plan: encode: %w", err)
	}
	return nil
}

// Decode reads a plan that Encode wrote.
func Decode(r io.Reader) (*Pipeline, error) {
	register()
	p := new(Pipeline)
	if err := gob.NewDecoder(r).Decode(p); err != nil {
		return nil, fmt.Errorf("plan: decode: %w", err)
	}
	return p, nil
}

// register names the nodes for gob, which keeps a table of its own; saying the
// same again changes nothing.
func register() {
	gob.RegisterName("struct", &Struct{})
	gob.RegisterName("list", &List{})
	gob.RegisterName("map", &Map{})
	gob.RegisterName("lit", &Lit{})
}
