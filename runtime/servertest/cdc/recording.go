package cdc

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Recording is what a capture of a case gave.
type Recording struct {
	Prefix     string
	Properties map[string]string
	Records    []Record
	Offsets    []Offset
}

// Record is a record of a topic; keys, values and headers are JSON with schemas.
type Record struct {
	Topic     string          `json:"topic"`
	Partition int32           `json:"partition"`
	Offset    int64           `json:"offset"`
	Timestamp int64           `json:"timestamp"`
	Key       json.RawMessage `json:"key"`
	Value     json.RawMessage `json:"value"`
	Headers   []Header        `json:"headers,omitempty"`
}

// Header is a header of a record.
type Header struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// Offset is a record of the offsets topic.
type Offset struct {
	Key   json.RawMessage `json:"offsetKey"`
	Value json.RawMessage `json:"offsetValue"`
}

// isMark is whether the record is a mark, streamed or not, or the end of one.
func (r Record) isMark() bool {
	return bytes.Contains(r.Value, []byte(markPrefix)) || strings.HasSuffix(r.Topic, markTable)
}

// Write writes the recording as JSON Lines: the connector's properties, the
// records, the offsets. Secrets are left out.
func (r *Recording) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	shown := map[string]string{}
	for k, v := range r.Properties {
		if k != "database.password" {
			shown[k] = v
		}
	}
	err := enc.Encode(map[string]any{"prefix": r.Prefix, "properties": shown})
	for _, record := range r.Records {
		err = errors.Join(err, enc.Encode(record))
	}
	for _, o := range r.Offsets {
		err = errors.Join(err, enc.Encode(o))
	}
	return err
}

// WriteFile writes the recording into a file, compressed if its name ends in .gz.
func (r *Recording) WriteFile(name string) error {
	var text bytes.Buffer
	var err error
	if strings.HasSuffix(name, ".gz") {
		z, _ := gzip.NewWriterLevel(&text, gzip.BestCompression)
		err = errors.Join(r.Write(z), z.Close())
	} else {
		err = r.Write(&text)
	}
	if err != nil {
		return fmt.Errorf("cdc: write %s: %w", name, err)
	}
	return os.WriteFile(name, text.Bytes(), 0o644)
}

// ReadRecording reads what WriteFile has written.
func ReadRecording(name string) (*Recording, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cdc: read a recording: %w", err)
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("cdc: read %s: %w", name, err)
		}
	}
	r := &Recording{}
	lines := bufio.NewReader(in)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return r, nil
		}
		if err == nil {
			err = r.add(line)
		}
		if err != nil {
			return nil, fmt.Errorf("cdc: read %s: line %d: %w", name, n, err)
		}
	}
}

// add adds a line.
func (r *Recording) add(line []byte) error {
	var any struct {
		Record
		Offset
		Prefix     *string           `json:"prefix"`
		Properties map[string]string `json:"properties"`
	}
	if err := json.Unmarshal(line, &any); err != nil {
		return err
	}
	switch {
	case any.Prefix != nil:
		r.Prefix, r.Properties = *any.Prefix, any.Properties
	case any.Record.Topic != "":
		var record Record
		if err := json.Unmarshal(line, &record); err != nil {
			return err
		}
		r.Records = append(r.Records, record)
	default:
		r.Offsets = append(r.Offsets, any.Offset)
	}
	return nil
}
