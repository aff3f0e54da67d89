package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

const (
	maxBody   = 1 << 20
	maxDepth  = 100
	smallBody = 16 << 10 // as much is read of any number of clients at one time
	bigBodies = 16       // and more of so many
)

// readBody reads a body of JSON. Large ones wait for a place, so that clients
// that send them slowly cannot fill the memory.
func (h *Handler) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, plain(http.StatusUnsupportedMediaType)
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return nil, fail(http.StatusUnsupportedMediaType, "HTTP 415 Unsupported Media Type: a body must not be compressed")
	}
	in := http.MaxBytesReader(w, r.Body, maxBody)
	body, err := io.ReadAll(io.LimitReader(in, smallBody))
	if err == nil && len(body) == smallBody {
		select {
		case h.big <- struct{}{}:
			defer func() { <-h.big }()
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
		var rest []byte
		rest, err = io.ReadAll(in)
		body = append(body, rest...)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, fail(http.StatusRequestEntityTooLarge, "The body is longer than %d bytes", maxBody)
	case err != nil: // the client has gone, is too slow, or sends what is no HTTP
		return nil, fail(http.StatusBadRequest, "The body cannot be read")
	}
	return body, nil
}

// number, object and array are JSON as it came. A number keeps its digits; an
// object its order.
type (
	number string
	object []member
	array  []any
	member struct {
		name  string
		value any
	}
)

// get is a member's value; nil where there is none, or it is null.
func (o object) get(name string) any {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// parse reads one JSON value, strictly: a name given twice, something behind
// the value, text that is no Unicode and nesting without measure are refused.
func parse(body []byte) (any, error) {
	if !utf8.Valid(body) {
		return nil, malformed("it is not UTF-8")
	}
	p := &parser{dec: json.NewDecoder(bytes.NewReader(body)), loose: !bytes.ContainsRune(body, utf8.RuneError) && !bytes.Contains(bytes.ToLower(body), []byte(`\ufffd`))}
	p.dec.UseNumber()
	v, err := p.value(0)
	if err == nil {
		if _, more := p.dec.Token(); more != io.EOF {
			err = errors.New("something stands behind the value")
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ends too early")
	}
	if err != nil {
		return nil, malformed(err.Error())
	}
	return v, nil
}

func malformed(why string) error {
	return fail(http.StatusBadRequest, "The body is malformed JSON: %s", clip(why))
}

type parser struct {
	dec   *json.Decoder
	loose bool // a replacement character stands for a half of a surrogate pair
}

func (p *parser) value(depth int) (any, error) {
	t, err := p.dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if depth++; depth > maxDepth {
			return nil, fmt.Errorf("it is nested deeper than %d", maxDepth)
		}
		if t == '{' {
			return p.object(depth)
		}
		return p.array(depth)
	case json.Number:
		return number(t), nil
	case string:
		return p.text(t)
	}
	return t, nil // true, false, null
}

func (p *parser) text(s string) (string, error) {
	if p.loose && strings.ContainsRune(s, utf8.RuneError) {
		return "", errors.New("a text holds half of a surrogate pair")
	}
	return s, nil
}

func (p *parser) object(depth int) (any, error) {
	o, seen := object{}, map[string]bool{}
	for p.dec.More() {
		t, err := p.dec.Token()
		if err != nil {
			return nil, err
		}
		name, err := p.text(t.(string)) // the decoder has refused anything else
		if err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, fmt.Errorf("the name %q is given twice", clip(name))
		}
		seen[name] = true
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		o = append(o, member{name, v})
	}
	_, err := p.dec.Token()
	return o, err
}

func (p *parser) array(depth int) (any, error) {
	l := array{}
	for p.dec.More() {
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
	_, err := p.dec.Token()
	return l, err
}

// parseObject reads a JSON object.
func parseObject(body []byte) (object, error) {
	v, err := parse(body)
	if err != nil {
		return nil, err
	}
	o, is := v.(object)
	if !is {
		return nil, malformed("it must be an object: {…}")
	}
	return o, nil
}

// config is a connector's configuration as a client gives it; nil is null.
type config map[string]*string

// readConfig reads a body that is a configuration.
func readConfig(body []byte) (config, error) {
	o, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	return parseConfig(o)
}

// parseConfig reads a configuration. Numbers and booleans become text, as in
// Kafka Connect.
func parseConfig(v any) (config, error) {
	o, is := v.(object)
	if !is {
		return nil, fail(http.StatusBadRequest, "A configuration must be an object from property names to texts")
	}
	c := config{}
	for _, m := range o {
		switch v := m.value.(type) {
		case nil:
			c[m.name] = nil
		case string:
			c[m.name] = &v
		case number:
			s := string(v)
			c[m.name] = &s
		case bool:
			s := fmt.Sprint(v)
			c[m.name] = &s
		default:
			return nil, fail(http.StatusBadRequest, "The value of %q must be a text, not an object or a list", clip(m.name))
		}
	}
	return c, nil
}

// text is a property's value; "" where it is null or not there.
func (c config) text(name string) string {
	if v := c[name]; v != nil {
		return *v
	}
	return ""
}
