package check

import "time"

// pollWait is how long a poll with nothing to give may wait.
const pollWait = time.Second

// calls: a limit that a well-behaved connector meets fails its tasks.
func calls(c *checker) {
	worker := c.root.Struct("worker")
	limit := worker.Lit("callTimeout")
	if limit == nil || limit.Int <= 0 || limit.Int > int64(pollWait) {
		return
	}
	c.say("worker.callTimeout", "is too short: a source that has nothing to give waits for up to a second in Poll; more than 1s is needed, and 1m is more like it", pos(worker, "callTimeout"))
}
