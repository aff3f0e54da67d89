package connect

// Role says which part of a record a converter works on.
type Role uint8

// The roles (converter.type in Kafka Connect).
const (
	RoleKey Role = iota
	RoleValue
	RoleHeader
)

// String is the role's name in Connect.
func (r Role) String() string { return [...]string{"key", "value", "header"}[r] }

// Converter turns data into Kafka's bytes and back: the plain value that the
// spec filled in.
type Converter interface {
	// Open checks the configuration and makes a codec for one task; its
	// methods are called from that task's goroutine alone.
	Open(role Role) (Codec, error)
}

// Codec does a converter's work.
type Codec interface {
	// Encode (Connect's fromConnectData) gives the bytes of d for the topic:
	// nil for a Kafka null. They are made in buf, or alias d's own bytes where
	// nothing has to change.
	Encode(buf *Buffer, topic string, d Datum) ([]byte, error)
	// Decode (toConnectData) reads data; nil is a Kafka null. The result may
	// alias data, which is never written again.
	Decode(topic string, data []byte) (Datum, error)
}

// chunkSize is what a Buffer allocates at a time, or as much as a result as long
// as the last one takes, up to mostChunk.
const (
	chunkSize = 64 << 10
	mostChunk = 4 * chunkSize
)

// Buffer is memory for encoded bytes: many small results share one chunk, so
// that a record costs no allocation of its own. A chunk is never used again
// by the buffer; it is the collector's when its last result is.
type Buffer struct {
	free []byte
	last int // bytes of the last result
}

// Start gives an empty slice to append to.
func (b *Buffer) Start() []byte {
	if cap(b.free) < 1024 {
		b.free = make([]byte, 0, max(chunkSize, min(b.last+b.last/8, mostChunk)))
	}
	return b.free
}

// Finish takes what was appended to Start's slice and returns it, safe from
// what is appended next. Between Start and Finish there is no other Start.
//
// The next result will be about as long as this one: a new chunk is cheaper
// than growing out of what is left of one, piece by piece.
func (b *Buffer) Finish(s []byte) []byte {
	stands := cap(s) == cap(b.free) // in our chunk
	switch b.last = len(s); {
	case stands && (len(s) <= chunkSize/4 || cap(s)-len(s) >= len(s)):
		b.free = s[len(s):]
	case stands || len(s) <= mostChunk:
		b.free = nil
	}
	return s[:len(s):len(s)]
}
