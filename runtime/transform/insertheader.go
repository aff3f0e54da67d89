package transform

import "kcgen.dev/runtime/connect"

var _ connect.Transform = InsertHeader{}

// Open reads the literal, and gives the function that adds it.
func (h InsertHeader) Open() (connect.Apply, error) {
	header := connect.Header{Key: h.Header, Datum: connect.ParseValue(h.ValueLiteral)}
	return func(r *connect.Record) (bool, error) {
		r.Headers = append(room(r.Headers, 1), header)
		return true, nil
	}, nil
}

// Flow changes nothing: no more is known of headers.
func (InsertHeader) Flow(*connect.Shape) error { return nil }

// room is the headers with room for n more, in a list of its own: the old one
// may be another record's too.
func room(in []connect.Header, n int) []connect.Header {
	return append(make([]connect.Header, 0, len(in)+n), in...)
}
