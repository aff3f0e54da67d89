package offset

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"kcgen.dev/runtime/connect"
)

// Position is one position of a connector, in Kafka Connect's form (KIP-875):
// {"partition": {…}, "offset": {…}}. An offset that is null is none.
type Position struct {
	Partition json.RawMessage `json:"partition"`
	Offset    json.RawMessage `json:"offset"`
}

// Positions is Kafka Connect's document of a connector's positions.
type Positions struct {
	Offsets []Position `json:"offsets"`
}

// ErrShape is an error of what somebody asked for, in Kafka Connect's words;
// nothing was changed.
var ErrShape = errors.New("")

type shapeError struct {
	text  string
	cause error
}

func (e *shapeError) Error() string        { return e.text }
func (e *shapeError) Is(target error) bool { return target == ErrShape }
func (e *shapeError) Unwrap() error        { return e.cause }

// Shape makes an ErrShape of an error.
func Shape(err error) error { return &shapeError{err.Error(), err} }

func shape(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &shapeError{err.Error(), errors.Unwrap(err)}
}

// The message of a change that was made (ConnectorOffsets resources).
const (
	AlteredMessage = "The offsets for this connector have been altered successfully"
	ResetMessage   = "The offsets for this connector have been reset successfully"
)

// ParsePositions reads Kafka Connect's document.
func ParsePositions(data []byte) ([]Position, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var p Positions
	if err := d.Decode(&p); err != nil {
		return nil, shape("the offsets are not {\"offsets\": [{\"partition\": {…}, \"offset\": {…} or null}, …]}: %w", err)
	}
	if d.More() {
		return nil, shape("something follows the offsets")
	}
	if len(p.Offsets) == 0 {
		return nil, shape("Partitions / offsets need to be provided for an alter offsets request")
	}
	return p.Offsets, nil
}

// List gives the positions of a source, in the order of their partitions. The
// store is as it was last brought up to date: see CatchUp.
func (s *Store) List(connector string) []Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Position{}
	for _, meaning := range s.meaningsOf(connector) {
		e := s.find(meaning)
		if e.offset == nil {
			continue
		}
		var key [2]json.RawMessage
		if json.Unmarshal(e.record.Key, &key) != nil {
			continue // it was read once
		}
		value, err := encodeOffset(e.offset)
		if err != nil { // what Kafka Connect would not have written
			value, _ = json.Marshal(e.offset)
		}
		out = append(out, Position{key[1], value})
	}
	return out
}

// meaningsOf are the meanings of a connector's keys, sorted.
func (s *Store) meaningsOf(connector string) []string {
	name, _ := json.Marshal(connector)
	prefix := "[" + string(name) + ","
	found := map[string]bool{}
	for _, t := range []table{s.entries, s.theirs} {
		for meaning := range t {
			if len(meaning) > len(prefix) && meaning[:len(prefix)] == prefix {
				found[meaning] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// Write writes records all at once: readers of committed records see all or
// none. The records say afterwards where they are, as far as that is known.
type Write func(ctx context.Context, records []Record) error

// Alter changes positions of a source that is stopped, all of them or none. A
// position without an offset is deleted. source has its say where it is a
// [connect.AltersOffsets].
func (s *Store) Alter(ctx context.Context, write Write, connector string, source connect.Source, positions []Position) error {
	if len(positions) == 0 {
		return shape("Partitions / offsets need to be provided for an alter offsets request")
	}
	if err := s.CatchUp(ctx); err != nil {
		return err
	}
	w := writing{store: s}
	var altered []connect.AlteredOffset
	seen := map[string]bool{}
	for _, p := range positions {
		a, key, err := readPosition(connector, p)
		if err != nil {
			return err
		}
		meaning, err := meaningOf(key)
		if err != nil {
			return shape("the partition %.300s: %w", p.Partition, err)
		}
		if seen[meaning] {
			return shape("the partition %.300s is given twice", p.Partition)
		}
		seen[meaning] = true
		altered = append(altered, a)
		if err := w.add(key, a.Offset); err != nil {
			return shape("the offset of %.300s: %w", p.Partition, err)
		}
	}
	if err := agree(ctx, source, altered); err != nil {
		return err
	}
	return w.write(ctx, write)
}

// agree asks the source. One that does not answer is not waited for longer than
// ctx: then nothing is written.
func agree(ctx context.Context, source connect.Source, altered []connect.AlteredOffset) error {
	a, ok := source.(connect.AltersOffsets)
	if !ok {
		return nil
	}
	said := make(chan error, 1)
	go func() { said <- ask(a, altered) }()
	select {
	case err := <-said:
		return err
	case <-ctx.Done():
		return fmt.Errorf("offset: the connector did not say whether it can start at these offsets, and none was changed: %w", ctx.Err())
	}
}

// ask makes an error of a panic.
func ask(source connect.AltersOffsets, altered []connect.AlteredOffset) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("offset: the connector panicked when it was asked about offsets: %v", r)
		}
	}()
	if err := source.AlterOffsets(altered); err != nil {
		return Shape(err)
	}
	return nil
}

// Reset deletes all positions of a source that is stopped.
func (s *Store) Reset(ctx context.Context, write Write, connector string, source connect.Source) error {
	if err := s.CatchUp(ctx); err != nil {
		return err
	}
	w := writing{store: s}
	var altered []connect.AlteredOffset
	s.mu.Lock()
	var keys [][]byte
	for _, meaning := range s.meaningsOf(connector) {
		ours, theirs := s.entries[meaning], s.theirs[meaning]
		if (ours == nil || ours.offset == nil) && (theirs == nil || theirs.offset == nil) {
			continue
		}
		keys = append(keys, s.find(meaning).record.Key)
	}
	s.mu.Unlock()
	for _, key := range keys {
		var parts [2]json.RawMessage
		_ = json.Unmarshal(key, &parts) // it was read once
		a, _, err := readPosition(connector, Position{Partition: parts[1]})
		if err != nil {
			return err
		}
		altered = append(altered, a)
		if err := w.add(key, nil); err != nil {
			return err
		}
	}
	if err := agree(ctx, source, altered); err != nil || len(keys) == 0 {
		return err
	}
	return w.write(ctx, write)
}

func (w *writing) write(ctx context.Context, write Write) error {
	if err := write(ctx, w.records); err != nil {
		return fmt.Errorf("offset: %w", err)
	}
	w.store.remember(w.records)
	return nil
}

// readPosition takes a position as it came.
func readPosition(connector string, p Position) (a connect.AlteredOffset, key []byte, err error) {
	partition, err := flat("Partition", p.Partition)
	if err != nil {
		return a, nil, err
	}
	if partition == nil {
		return a, nil, shape("Partition objects cannot be null")
	}
	offset, err := flat("Offset", p.Offset)
	if err != nil {
		return a, nil, err
	}
	var compact bytes.Buffer
	compact.WriteByte('[')
	compact.Write(append(appendString(nil, connector), ','))
	if err := json.Compact(&compact, p.Partition); err != nil {
		return a, nil, shape("the partition: %w", err)
	}
	compact.WriteByte(']')
	a.Partition = partition
	if offset != nil {
		a.Offset = offset
	}
	return a, compact.Bytes(), nil
}

// flat reads an object of scalars; nil of null or nothing.
func flat(what string, data json.RawMessage) (map[string]any, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var v any
	if err := decode(data, &v); err != nil {
		return nil, shape("%s objects must be JSON: %w", what, err)
	}
	if v == nil {
		return nil, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, shape("%s objects must be JSON objects, or null for an offset", what)
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		switch m[k].(type) {
		case map[string]any, []any:
			return nil, shape("Offsets may only contain primitive types as values, but field %.100s contains an object or a list", k)
		}
	}
	return normal(m).(map[string]any), nil
}
