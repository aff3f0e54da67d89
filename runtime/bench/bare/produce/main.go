// Command produce is the yardstick of the source benchmarks: franz-go alone,
// as tuned as we know how, sending the lines of a file to a topic.
//
//	produce BROKER FILE TOPIC
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const blockSize = 1 << 20

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: produce BROKER FILE TOPIC")
		os.Exit(2)
	}
	debug.SetGCPercent(400)
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "produce:", err)
		os.Exit(1)
	}
}

func run(broker, file, topic string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.DefaultProduceTopic(topic),
		kgo.ProducerLinger(5*time.Millisecond), kgo.ProducerBatchMaxBytes(1_000_000),
		kgo.MaxBufferedRecords(100_000), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return err
	}
	defer cl.Close()
	s := sender{cl: cl, records: sync.Pool{New: func() any { return new(kgo.Record) }}}
	s.promise = func(r *kgo.Record, err error) {
		if err != nil {
			s.fail(err)
		}
		*r = kgo.Record{}
		s.records.Put(r)
	}
	if err := s.lines(f); err != nil {
		return err
	}
	return errors.Join(cl.Flush(context.Background()), s.err)
}

type sender struct {
	cl      *kgo.Client
	records sync.Pool
	promise func(*kgo.Record, error)
	once    sync.Once
	err     error
}

func (s *sender) fail(err error) { s.once.Do(func() { s.err = err }) }

// lines sends every line, each a slice of the block that it was read with.
func (s *sender) lines(f io.Reader) error {
	var rest []byte
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
