// Package simulation runs the whole runtime in virtual time: processes with
// connectors in memory, a cluster of fake brokers (kfake) and the network
// between them, in a bubble of testing/synctest in which minutes take
// milliseconds. All of it is tests.
//
//	TestSeeds       faults that a seed chooses: processes killed, frozen and told
//	                to stop, connections cut before a request and behind it,
//	                brokers away, leaders and coordinators moved, errors answered,
//	                connectors that fail. Then everything heals, and everything
//	                must arrive.
//	TestInjections  each kind of request answered by each error that the
//	                protocol has for it, at several times: one run each
//	TestSimulation  builds both, with the build tag that the client library
//	                needs (synctests), and runs them; and again with bugs planted
//	                into copies of the runtime's files, each of which must show
//
// Nothing is judged while a run goes on: it writes a history, and a checker
// reads it with what the topics hold. It looks for records that are lost,
// doubled where none may be, reordered, damaged or misplaced; for offsets that
// pass an unfinished record or are told before they are durable; for starts at
// offsets that nobody committed, torn transactions, tasks that fail although
// nothing lasting is wrong, stops that take too long, goroutines that outlive
// their owner, and for runs that spin or stand still.
//
// A run that fails says how it is replayed. The seed fixes the faults, not the
// order in which goroutines run: what shows once in some seeds may need a few
// replays. Of seven planted bugs the first seed that showed each was replayed ten
// times: it failed again in 68 of 70 replays with two processors, and in 69 with
// GOMAXPROCS=1, so that one processor is worth a try where a replay passes. A
// replay to the bit would take the program to one thread without preemption, and
// its random numbers, clock and maps to the seed: GOOS=wasip1 under an
// interpreter has that, and needs the network of this package below net.Dial and
// the tests' own goroutines moved there. That is not done. With -events a run tells what happened in it, and with -test.v one
// that failed does; of one that stood still it shows the goroutines too.
//
//	record_test.go   what records say of themselves, and what becomes of which
//	scenario_test.go what runs: the table to add to
//	world_test.go    one run   process_test.go  a program in it
//	network_test.go  connections that fail     connector_test.go  source and sink
//	fault_test.go    what goes wrong when      inject_test.go     errors one by one
//	observe_test.go  what brokers are asked    history_test.go    what is noted
//	check_test.go    the checker               planted_test.go    bugs for it to find
//	guard_test.go    runs that do not end       driver_test.go   builds and runs it all
//	forgotten_test.go  what the fake broker forgets, and the world makes good
package simulation
