package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// content stands for records: how many they are, what they are in whatever
// order, and what they are in their order.
type content struct {
	n          int
	set, chain uint64
}

var seed = maphash.MakeSeed()

func (c *content) add(record []byte) {
	h := maphash.Bytes(seed, record)
	c.n++
	c.set += h
	c.chain = c.chain*0x9e3779b97f4a7c15 + h
}

// compare fails unless a run wrote what its case's first run wrote; a fast
// program that writes nonsense wins nothing. What is not changed on its way is
// compared with the input itself.
func (b *bench) compare(ctx context.Context, w *work) error {
	got, err := b.output(ctx, w)
	if err != nil {
		return fmt.Errorf("read what was written: %w", err)
	}
	key := fmt.Sprint(w.c.name, w.lines)
	want, ok := b.outputs[key]
	if !ok {
		want = got
		if w.c.same == "" && (w.c.spec == "source" || w.c.spec == "sink") {
			if want, err = b.inputContent(w.c); err != nil {
				return err
			}
		}
		b.outputs[key] = want
	}
	switch {
	case got.n != w.lines:
		return fmt.Errorf("%d records were written, not %d", got.n, w.lines)
	case got.set != want.set:
		return errors.New("other records were written than by those before it")
	case w.c.ordered() && got.chain != want.chain:
		return errors.New("the records are in another order than those written before")
	}
	return nil
}

func (b *bench) inputContent(c benchCase) (content, error) {
	path, err := b.need(c.input, b.linesOf(c))
	if err != nil {
		return content{}, err
	}
	return fileContent(path, "")
}

func (b *bench) output(ctx context.Context, w *work) (content, error) {
	if w.c.sink {
		return fileContent(w.file, w.c.same)
	}
	return b.topicContent(ctx, w)
}

// forms are what records are compared as. Without one they are themselves.
var forms = map[string]func(record []byte) ([]byte, error){
	"":       func(record []byte) ([]byte, error) { return record, nil },
	"avro":   behindID,
	"fields": fields,
	"length": func(record []byte) ([]byte, error) { return nil, nil }, // how many there are
}

// behindID cuts off the schema's id, which is the registry's affair.
func behindID(record []byte) ([]byte, error) {
	if len(record) < 5 || record[0] != 0 {
		return nil, errors.New("a record lacks the header of a schema's id")
	}
	return record[5:], nil
}

// fields is a record as sorted name=value lines: kcgen's sink writes structs and
// maps as JSON, Kafka Connect's as Java prints them.
func fields(record []byte) ([]byte, error) {
	var fs []string
	if text, ok := strings.CutPrefix(string(record), "Struct"); ok || !bytes.HasPrefix(record, []byte(`{"`)) {
		if len(text) < 2 {
			return nil, fmt.Errorf("%q is no struct", record)
		}
		fs = javaFields(text[1 : len(text)-1])
	} else {
		var m map[string]any
		d := json.NewDecoder(bytes.NewReader(record))
		d.UseNumber()
		if err := d.Decode(&m); err != nil {
			return nil, err
		}
		for k, v := range m {
			fs = append(fs, k+"="+javaText(v))
		}
	}
	slices.Sort(fs)
	return []byte(strings.Join(fs, "\n")), nil
}

// javaFields divides what Java prints between a map's braces.
func javaFields(text string) (fs []string) {
	depth, from := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case ',':
			if depth == 0 {
				fs = append(fs, strings.TrimSpace(text[from:i]))
				from = i + 1
			}
		}
	}
	return append(fs, strings.TrimSpace(text[from:]))
}

func javaText(v any) string {
	list, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v)
	}
	var es []string
	for _, e := range list {
		es = append(es, javaText(e))
	}
	return "[" + strings.Join(es, ", ") + "]"
}

// fileContent reads a file's lines.
func fileContent(path, form string) (c content, err error) {
	f, err := os.Open(path)
	if err != nil {
		return c, err
	}
	defer f.Close()
	if form == "pieces" {
		return pieces(f)
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 1<<20), 16<<20)
	for lines.Scan() {
		record, err := forms[form](lines.Bytes())
		if err != nil {
			return c, err
		}
		c.add(record)
	}
	return c, lines.Err()
}

// pieces reads a file to which several tasks of Kafka Connect have written: it
// writes a line and its end one by one, so the end of one may stand behind
// another's. All lines have one length.
func pieces(r io.Reader) (c content, err error) {
	in := bufio.NewReaderSize(r, 1<<20)
	piece := make([]byte, 0, pieceSize)
	for {
		b, err := in.ReadByte()
		if err == io.EOF {
			return c, nil
		}
		if err != nil {
			return c, err
		}
		if b == '\n' {
			continue
		}
		if piece = append(piece, b); len(piece) == pieceSize {
			c.add(piece)
			piece = piece[:0]
		}
	}
}

// topicContent reads a topic's values.
func (b *bench) topicContent(ctx context.Context, w *work) (c content, err error) {
	at := map[int32]kgo.Offset{}
	for p := range w.c.partitions {
		at[int32(p)] = kgo.NewOffset().AtStart()
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.broker.Addr()), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{w.topic: at}),
		kgo.FetchMaxBytes(64<<20), kgo.FetchMaxPartitionBytes(8<<20))
	if err != nil {
		return c, err
	}
	defer cl.Close()
	n, err := b.inTopic(ctx, w)()
	if err != nil {
		return c, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for c.n < n {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return c, err
		}
		for it := fetches.RecordIter(); !it.Done(); {
			record, err := forms[w.c.same](it.Next().Value)
			if err != nil {
				return c, err
			}
			c.add(record)
		}
	}
	return c, nil
}
