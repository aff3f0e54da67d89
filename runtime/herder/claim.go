package herder

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Protocol names the encoding of [Claim] and [Assignment] in the group's
// protocol. Another encoding gets another name, so that the coordinator picks
// one that every instance knows, or refuses the one that knows none.
const Protocol = "kcgen-1"

// maxEncoded bounds what a member may send: the group's name is no secret, and
// who may join it may send anything.
const maxEncoded = 4 << 20

// maxTasks is tasksMax's bound in the spec's language, maxUnits is of all tasks
// and connectors that one member may name.
const (
	maxTasks = 1000
	maxUnits = 20_000
)

// maxEpoch bounds epochs that were read: Kafka Connect's statuses hold 32 bits.
const maxEpoch = 1 << 30

// Claim is what an instance says when it joins a round.
type Claim struct {
	Shared     string  `json:"shared"`            // the topics that the group shares; all must be of one mind
	Worker     string  `json:"worker"`            // the instance, as HOST:PORT
	Epoch      int     `json:"epoch,omitempty"`   // of the assignment by which it holds what it holds
	Seen       int     `json:"seen,omitempty"`    // the highest epoch that it knows from statuses
	Connectors []known `json:"connectors"`        // by name
	Leaving    bool    `json:"leaving,omitempty"` // it is about to go: it gets nothing
	Held       units   `json:"held,omitempty"`    // what it has not let go of
}

// known is a connector in a Claim.
type known struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Tasks   int    `json:"tasks"`
}

func (k Connector) known() known { return known{k.Name, k.Version, k.Tasks} }

func (k Connector) version() string { return k.known().version() }

// Assignment is the leader's answer to one instance.
type Assignment struct {
	Epoch   int    `json:"epoch"`             // counts rounds, over the group's own life too
	Leader  string `json:"leader"`            // the leading instance, as HOST:PORT
	Refused string `json:"refused,omitempty"` // why the instance may not take part
	Given   units  `json:"given,omitempty"`   // what it has from now on; the rest it must let go of
}

// units are encoded by connector: {"name": [-1, 0, 1]}.
type units []Unit

// MarshalJSON groups them.
func (us units) MarshalJSON() ([]byte, error) {
	m := map[string][]int{}
	for _, u := range us {
		m[u.Connector] = append(m[u.Connector], u.Task)
	}
	return json.Marshal(m)
}

// UnmarshalJSON checks and orders them.
func (us *units) UnmarshalJSON(b []byte) error {
	var m map[string][]int
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*us = nil
	for _, name := range slices.Sorted(maps.Keys(m)) {
		slices.Sort(m[name])
		for _, task := range slices.Compact(m[name]) {
			if task < itself || task >= maxTasks {
				return fmt.Errorf("connector %s has no task %d", strconv.Quote(name), task)
			}
			*us = append(*us, Unit{name, task})
		}
	}
	return nil
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("herder: " + err.Error()) // strings and numbers alone
	}
	return b
}

func decodeClaim(b []byte) (c Claim, err error) {
	if err := decode(b, &c); err != nil {
		return Claim{}, fmt.Errorf("herder: read what a member of the group says: %w", err)
	}
	names := map[string]bool{}
	all := len(c.Connectors)
	for _, k := range c.Connectors {
		all += k.Tasks
		if names[k.Name] || k.Tasks < 0 || k.Tasks > maxTasks {
			return Claim{}, fmt.Errorf("herder: read what a member of the group says: connector %s is there twice, or has %d tasks", strconv.Quote(k.Name), k.Tasks)
		}
		names[k.Name] = true
	}
	if all > maxUnits || len(c.Held) > maxUnits {
		return Claim{}, fmt.Errorf("herder: read what a member of the group says: it knows of %d connectors and tasks and has %d, where %d are allowed", all, len(c.Held), maxUnits)
	}
	c.Epoch, c.Seen = bounded(c.Epoch), bounded(c.Seen)
	return c, nil
}

func decodeAssignment(b []byte) (a Assignment, err error) {
	if err := decode(b, &a); err != nil {
		return Assignment{}, fmt.Errorf("herder: read the leader's assignment: %w", err)
	}
	if a.Refused == "" && (a.Epoch < 1 || a.Epoch > maxEpoch+1) {
		return Assignment{}, fmt.Errorf("herder: read the leader's assignment: epoch %d", a.Epoch)
	}
	return a, nil
}

func decode(b []byte, into any) error {
	if len(b) > maxEncoded {
		return fmt.Errorf("%d bytes, where %d are allowed", len(b), maxEncoded)
	}
	if len(b) == 0 {
		return errors.New("nothing")
	}
	return json.Unmarshal(b, into)
}

// bounded is an epoch that somebody else gave.
func bounded(epoch int) int {
	if epoch < 0 || epoch > maxEpoch {
		return 0
	}
	return epoch
}
