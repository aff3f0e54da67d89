package filestream

import "bytes"

// blockSize is what is read at a time. Lines alias their block, which is never
// written again where they lie: it is the collector's when the last record
// that holds one of its lines is gone.
const blockSize = 256 << 10

// minRoom is the least that is worth a read.
const minRoom = 4 << 10

// lines cuts blocks of bytes into lines, as parts of the blocks.
type lines struct {
	max     int    // the longest line
	block   []byte // what was read; its capacity is the block's
	next    int    // where the first line begins that was not handed out
	scanned int    // block[next:scanned] holds no line end
	long    bool   // the next line is longer than max
}

// cut gives the next line without its line end, \n or \r\n; final says that
// what is left without one is a line too. The line may not be written to.
func (l *lines) cut(final bool) ([]byte, bool) {
	end, next := 0, 0
	if i := bytes.IndexByte(l.block[l.scanned:], '\n'); i >= 0 {
		end = l.scanned + i
		next = end + 1
	} else {
		l.scanned = len(l.block)
		l.long = l.rest() > l.max+1 // + 1: the last byte may be a \r
		if !final || l.long || l.rest() == 0 {
			return nil, false
		}
		end, next = len(l.block), len(l.block)
	}
	if end > l.next && l.block[end-1] == '\r' {
		end--
	}
	if end-l.next > l.max {
		l.long = true
		return nil, false
	}
	line := l.block[l.next:end:end]
	l.next, l.scanned = next, next
	return line, true
}

// room is where to read to, at the end of the block or in a new one, to which
// a line that has only begun is copied.
func (l *lines) room() []byte {
	if cap(l.block)-len(l.block) < minRoom {
		rest := l.block[l.next:]
		// Twice the rest, so that a long line is copied a few times only.
		block := make([]byte, len(rest), max(blockSize, 2*len(rest)))
		copy(block, rest)
		l.block, l.scanned, l.next = block, l.scanned-l.next, 0
	}
	return l.block[len(l.block):cap(l.block)]
}

// grow says that n bytes were read to room.
func (l *lines) grow(n int) { l.block = l.block[:len(l.block)+n] }

// rest is the number of bytes that were read and not handed out.
func (l *lines) rest() int { return len(l.block) - l.next }

// drop forgets the rest, and gives its length.
func (l *lines) drop() int {
	n := l.rest()
	l.next, l.scanned = len(l.block), len(l.block)
	return n
}
