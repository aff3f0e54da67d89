// Command produce is the yardstick of the source benchmarks: franz-go alone,
// as tuned as we know how, sending the lines of files to a topic. With -splice
// the lines are JSON objects, and each gets a field more by cutting its bytes:
// the least that a program can do that adds a field. What may wait to be sent,
// and the goal of memory, are those of kcgen's client: with 100,000 records
// instead of 25,000 lines of 1 KB take a third more time, most of it in the kernel
// for pages that are touched for the first time, and lines of 100 bytes the same.
//
//	produce [-splice] BROKER TOPIC FILE…
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const blockSize = 1 << 20

// What a source's task of kcgen has by default: see kafka.Producer and the
// runtime's tuneMemory.
const (
	waitingRecords = 25_000
	waitingBytes   = 8 << 20
	memory         = 57 << 20
)

// field is what -splice ends an object with.
const field = `,"site":"eu"}`

func main() {
	splice := flag.Bool("splice", false, "add a field to lines that are JSON objects")
	flag.Parse()
	if flag.NArg() < 3 {
		fmt.Fprintln(os.Stderr, "usage: produce [-splice] BROKER TOPIC FILE…")
		os.Exit(2)
	}
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(memory)
	if err := run(flag.Arg(0), flag.Arg(1), flag.Args()[2:], *splice); err != nil {
		fmt.Fprintln(os.Stderr, "produce:", err)
		os.Exit(1)
	}
}

func run(broker, topic string, files []string, splice bool) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.DefaultProduceTopic(topic),
		kgo.ProducerLinger(5*time.Millisecond), kgo.ProducerBatchMaxBytes(1_000_000),
		kgo.MaxBufferedRecords(waitingRecords), kgo.MaxBufferedBytes(waitingBytes), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return err
	}
	defer cl.Close()
	s := sender{cl: cl, splice: splice, records: sync.Pool{New: func() any { return new(kgo.Record) }}}
	s.promise = func(r *kgo.Record, err error) {
		if err != nil {
			s.fail(err)
		}
		*r = kgo.Record{}
		s.records.Put(r)
	}
	var readers sync.WaitGroup
	for _, file := range files {
		readers.Go(func() {
			if err := s.file(file); err != nil {
				s.fail(err)
			}
		})
	}
	readers.Wait()
	return errors.Join(cl.Flush(context.Background()), s.err)
}

type sender struct {
	cl      *kgo.Client
	splice  bool
	records sync.Pool
	promise func(*kgo.Record, error)
	once    sync.Once
	err     error
}

func (s *sender) fail(err error) { s.once.Do(func() { s.err = err }) }

func (s *sender) file(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.lines(f)
}

// lines sends every line, each a slice of the block that it was read with.
func (s *sender) lines(f io.Reader) error {
	var rest, room []byte
	for {
		block := make([]byte, blockSize)
		n, err := f.Read(block[copy(block, rest):])
		block = block[:len(rest)+n]
		for {
			i := bytes.IndexByte(block, '\n')
			if i < 0 {
				break
			}
			r := s.records.Get().(*kgo.Record)
			r.Value = block[:i:i]
			if s.splice {
				r.Value, room = spliced(r.Value, room)
			}
			s.cl.Produce(context.Background(), r, s.promise)
			block = block[i+1:]
		}
		rest = block
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// spliced is an object with the field behind its own, cut from room.
func spliced(object, room []byte) (value, rest []byte) {
	n := len(object) - 1 + len(field)
	if len(room) < n {
		room = make([]byte, max(n, blockSize))
	}
	copy(room[copy(room, object[:len(object)-1]):], field)
	return room[:n:n], room[n:]
}
