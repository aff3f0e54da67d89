package cdc

import (
	"regexp"
	"strings"
)

// mask is a place in records where two captures of one database may differ.
type mask struct {
	place *regexp.Regexp
	when  func(r *view) bool // nil: always
	why   string
}

// masks are all that is not compared. A place is TOPIC:PATH, with the prefix as
// $PREFIX and elements of lists as [].
var masks = []mask{
	{at(`:value\.payload\.ts_(ms|us|ns)$`), nil, "when the connector handled the event"},
	{at(`:value\.payload\.source\.version$`), nil, "the connector's version"},
	{at(`^__debezium-heartbeat`), nil, "how many heartbeats there are, and when, is time alone; offsets tell what they are for"},
	{at(`:headers\.__debezium\.context\.runId\.payload$`), nil, "made up at each start"},
	{at(`:value\.payload\.source\.(ts_ms|ts_us|ts_ns|txId|lsn|sequence|file|pos|gtid)$`), inSnapshot, "when, and where in the log, a snapshot was taken: each connector takes one of its own"},
	{at(`:value\.payload\.source\.(ts_ms|ts_us|ts_ns)$`), inIncremental, "when a chunk of an incremental snapshot was read"},
	{at(`:value\.payload\.source\.(lsn|txId|sequence|file|pos|gtid|row|snapshot)$`), inIncremental, "which event of the stream a chunk came behind"},
	{at(`:value\.payload\.source\.query$`), nil, "who of the captures the server noted it for"},
}

func at(pattern string) *regexp.Regexp { return regexp.MustCompile(pattern) }

// inSnapshot is a record of the first snapshot.
func inSnapshot(r *view) bool {
	s := r.snapshot()
	return s != "" && s != "false" && s != "incremental"
}

func inIncremental(r *view) bool { return r.snapshot() == "incremental" }

// masked is whether a place of a record is not compared.
func masked(r *view, place string) bool {
	for _, m := range masks {
		if m.place.MatchString(place) && (m.when == nil || m.when(r)) {
			return true
		}
	}
	return false
}

// skipped are topics that are not compared at all.
func skipped(topic string) bool {
	return strings.HasSuffix(topic, "-history") || strings.HasSuffix(topic, "-signal")
}
