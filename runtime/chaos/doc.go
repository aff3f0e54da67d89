// Package chaos has no code of its own: its tests run several instances of one
// pipeline as processes over a real broker, hurt them by a plan that comes of a
// seed, and judge what is left with the offline checker.
//
//	chaos_test.go     the tests, and what they demand
//	plan_test.go      a seed becomes a plan: the one table of what can be done
//	field_test.go     the broker, the instances, and the files that they write
//	faults_test.go    how each action of the table is done
//	instance_test.go  one instance: started, killed, frozen, stopped
//	rest_test.go      what is asked of the instances by REST
//	topic_test.go     what is asked of the broker
//	judge_test.go     what was lost, doubled, owned twice or written too late
//	failures_test.go  tasks that were FAILED, which the program started again
//	clock_test.go     a broker whose clock jumps
//	ends_test.go      answers to the ends of transactions are lost
//	planted_test.go   bugs for the judge to find
//	torn_test.go      what a broker does that no program can mend
//	diary_test.go     what the tasks' own diaries tell
//
// programs/chaos is the pipeline: a source that delivers exactly once, one that
// delivers at least once, and a sink for each with a dead letter queue.
// programs/sequence holds their connectors: numbered lines with a checksum, so
// that each that is missing or there twice is seen.
//
//	make chaos SEED=1 FAULTS=500
//	go test ./runtime/chaos -run TestChaos -v -args -seed=1 -faults=20 -only="kill,broker kill" -keep
//
// The seed decides what is done, to whom and for how long; not what happens in
// between, as processes are not played back. A seed that has found a fault finds
// it again more often than not.
package chaos
