package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"

	"kcgen.dev/runtime/servertest/history"
)

// An input is what cases work on: numbered lines, each of its own.
type input struct {
	share int // of the lines that were asked for, one in so many
	line  func(dst []byte, i int) []byte
}

// inputs by name. The orders have 190 bytes and eight fields; no text in them
// has a comma, by which Java divides a map's fields.
var inputs = map[string]input{
	"text":    {1, text(pieceSize)},
	"avro":    {1, text(pieceSize)},
	"long":    {4, text(1024)},
	"objects": {1, object},
	"orders":  {2, order},
}

// pieceSize is the length of the lines of the input text.
const pieceSize = 100

func text(size int) func(dst []byte, i int) []byte {
	return func(dst []byte, i int) []byte { return history.AppendLine(dst, "bench", int64(i), size) }
}

// object is a line of the input text in what HoistField and JSON make of it.
func object(dst []byte, i int) []byte {
	dst = append(dst, `{"line":"`...)
	return append(text(pieceSize)(dst, i), `"}`...)
}

func order(dst []byte, i int) []byte {
	dst = strconv.AppendInt(append(dst, `{"id":`...), int64(i), 10)
	return fmt.Appendf(dst, `,"cust":"customer %06d","card":"4000 1234 %08d","amount":%d.25,"paid":%t,"debug":"x","tags":["web","new"],"article":"two pieces of article number ten as ordered by %06d"}`,
		i*7%1_000_000, i*13%100_000_000, i%1000, i%2 == 0, i*31%1_000_000)
}

// linesOf is how many lines a case moves.
func (b *bench) linesOf(c benchCase) int {
	if c.lines > 0 {
		return c.lines
	}
	return max(b.lines/inputs[c.input].share, 4)
}

// need writes lines of an input, unless they are there, and gives their file.
func (b *bench) need(name string, lines int) (string, error) {
	return b.needPart(name, lines, 0, 1)
}

// needPart writes the part of an input that one of several tasks reads.
func (b *bench) needPart(name string, lines, part, parts int) (string, error) {
	path := b.path(fmt.Sprintf("%s-%d-%d-of-%d.txt", name, lines, part, parts))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, writeLines(path, inputs[name], lines*part/parts, lines*(part+1)/parts)
}

func writeLines(path string, in input, from, to int) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("bench: make the input: %w", err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	var line []byte
	for i := from; i < to; i++ {
		line = append(in.line(line[:0], i), '\n')
		_, _ = w.Write(line) // the error is kept for Flush
	}
	return errors.Join(w.Flush(), f.Close())
}
