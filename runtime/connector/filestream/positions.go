package filestream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"reflect"

	"kcgen.dev/runtime/connect"
)

// positions is the content of <file>.positions.
type positions struct {
	Version int                         `json:"version"`
	Length  int64                       `json:"length"` // of the file
	Tail    []byte                      `json:"tail"`   // the last bytes of it
	Next    map[string]map[string]int64 `json:"next"`   // by topic and partition: the offset of the next record
}

const (
	positionsVersion = 1
	tailSize         = 64
	mostPositions    = 64 << 20 // bytes
)

func positionsPath(path string) string { return path + ".positions" }

// readPositions reads the positions beside a file. They are replaced as a
// whole, so what cannot be read is none of ours.
func readPositions(path string) (p positions, err error) {
	name := positionsPath(path)
	f, err := os.OpenFile(name, os.O_RDONLY|openNonblock, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return p, err
	}
	if err != nil {
		return p, openError(err, "read")
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return p, fmt.Errorf("filestream: %w", err)
	}
	if !fi.Mode().IsRegular() {
		return p, fmt.Errorf("filestream: %s is a %s, not the positions of %s", name, kindOf(fi.Mode()), path)
	}
	b, err := io.ReadAll(io.LimitReader(f, mostPositions))
	if err != nil {
		return p, fmt.Errorf("filestream: %w", err)
	}
	if p, err = parsePositions(b); err != nil {
		return p, fmt.Errorf("filestream: %s is damaged, or not the positions of %s: %w; restore it, or remove both files to begin anew where the group's offsets are", name, path, err)
	}
	return p, nil
}

func parsePositions(b []byte) (p positions, err error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return p, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return p, errors.New("there is more behind its end")
	}
	switch {
	case p.Version != positionsVersion:
		return p, fmt.Errorf("its version is %d, and %d is known", p.Version, positionsVersion)
	case p.Length < 0:
		return p, errors.New("the length is negative")
	case int64(len(p.Tail)) != min(p.Length, tailSize):
		return p, errors.New("the tail is not as long as it must be")
	}
	for _, parts := range p.Next {
		for _, next := range parts {
			if next < 0 {
				return p, errors.New("a position is negative")
			}
		}
	}
	return p, nil
}

// write replaces the positions beside a file.
func (p positions) write(path string) error {
	p.Version = positionsVersion
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("filestream: %w", err)
	}
	name := positionsPath(path)
	temp := name + ".tmp"
	if err := writeDurably(temp, append(b, '\n')); err != nil {
		_ = os.Remove(temp) // it holds nothing that counts
		return mark(fmt.Errorf("filestream: %w", err))
	}
	if err := os.Rename(temp, name); err != nil {
		return mark(fmt.Errorf("filestream: %w", err))
	}
	return nil
}

func writeDurably(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// with is p with other positions in it. What it was made of stays as it is.
func (p positions) with(ps []connect.Position) positions {
	next := map[string]map[string]int64{}
	for topic, parts := range p.Next {
		next[topic] = maps.Clone(parts)
	}
	for _, at := range ps {
		if next[at.Topic] == nil {
			next[at.Topic] = map[string]int64{}
		}
		next[at.Topic][fmt.Sprint(at.Partition)] = at.Offset
	}
	p.Next = next
	return p
}

// equal says whether two mean the same; the tail follows from the length.
func (p positions) equal(q positions) bool {
	return p.Length == q.Length && (len(p.Next)+len(q.Next) == 0 || reflect.DeepEqual(p.Next, q.Next))
}

// of is where a partition is read next.
func (p positions) of(tp connect.TopicPartition) (next int64, ok bool) {
	next, ok = p.Next[tp.Topic][fmt.Sprint(tp.Partition)]
	return next, ok
}
