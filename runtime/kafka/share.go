package kafka

// The clients of a program share what they may hold of records, so that its
// memory is bounded by what it is and not by how many tasks it has. Each has a
// share that is large enough to keep its connection busy.

// What all producers, and all consumers, may hold by default.
const (
	sharedBuffer  = 8 << 20 // keys, values and headers on their way
	sharedRecords = 25_000  // that they are of: a small one's slot outweighs it
	sharedFetch   = 2 << 20 // fetched, and not yet handed out
)

// The least that a client has of it.
const (
	leastRecords = 2_500
	leastFetch   = 512 << 10
)

// About what the client takes of memory for a record, and for a fetched byte:
// records of some 100 bytes take more than they hold, and while one answer is
// being read the next is there.
const (
	recordMemory  = 256
	fetchedMemory = 6
)

// share is what one of several has of all.
func share(all, of, least int64) int64 { return max(all/max(of, 1), least) }

// buffers is what a producer may hold, as one of so many.
func (p Producer) buffers(of int) (records int, bytes int64) {
	request := int64(DefaultMaxRequestSize)
	set(&request, p.MaxRequestSize)
	records = int(share(sharedRecords, int64(of), leastRecords))
	set(&records, p.MaxBufferedRecords)
	return records, share(sharedBuffer, int64(of), 2*request)
}

// Memory is about the most that a producer takes, as one of so many.
func (p Producer) Memory(of int) int64 {
	records, bytes := p.buffers(of)
	return bytes + int64(records)*recordMemory
}

// partitionFetch is what one partition may fill of an answer: all of it by
// default, as half empty answers are twice as many.
const partitionFetch = sharedFetch

// fetches is what a consumer fetches at the most, as one of so many, and how
// much of it from one partition.
func (c Consumer) fetches(of int) (bytes, partition int64) {
	bytes = share(sharedFetch, int64(of), leastFetch)
	set(&bytes, c.FetchMaxBytes)
	partition = min(partitionFetch, bytes)
	set(&partition, c.MaxPartitionFetchBytes)
	return bytes, partition
}

// Memory is about the most that a consumer takes, as one of so many.
func (c Consumer) Memory(of int) int64 {
	bytes, _ := c.fetches(of)
	return bytes * fetchedMemory
}
