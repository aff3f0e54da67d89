// Package herder decides which instance of a program runs which of its tasks,
// and brings them to what they are asked to be. One instance alone runs all of
// them; several share them by Kafka's group protocol. It is the same code, over
// a [Membership] that is either [Alone] or a [kafka.Member].
//
//	core.go       the control plane of one instance: pure, an event in, effects out
//	event.go      what can happen             effect.go  what can be done
//	reconcile.go  what there is, brought to what there should be
//	assign.go     the leader's part: who gets what, incrementally
//	claim.go      what instances tell each other in a round
//	unit.go       connectors and tasks
//	herder.go     Herder: one goroutine, one mailbox, around the core
//	effects.go    how effects are done, each outside of that goroutine
//	publish.go    statuses on their way     alone.go  a group of one
//	snapshot.go   what is to be seen from outside
//
// # Who runs what
//
// Each round, every instance says what it holds and which connectors it knows,
// and the one that leads shares them out: see assign. What an instance holds
// stays with it unless the balance needs it moved. What moves is stopped by its
// owner first, which then joins again; it is nobody's only then. All that does
// not move runs on during a round.
//
// An instance runs tasks only while it has a lease: the last heartbeat that the
// coordinator answered, counted from when it was sent, plus the session timeout,
// on the clock that does not jump. A little before its end tasks are asked to
// stop, and at its end they are killed: nothing of theirs is committed any more.
// The coordinator counts from later on, so that nobody else has them before.
// A process that was frozen finds its lease over when it wakes; see
// [Herder.Leased], which is to be asked before what others can see.
//
// Assignments are numbered by epochs, which go up over all lives of the group.
// Statuses carry them as their generation: what an earlier owner says late does
// not hide what the owner says.
//
// # Several specs in one group
//
// Instances of one group must share the same topics; the leader refuses others.
// Their specs may differ, as during a rolling update: each connector runs in one
// version at a time, with the instances that know this version. See assign.
//
// # Failures
//
// A failed task stays failed, and visible, until it is restarted, or until the
// rule for restarts has it try again. It stays with its instance meanwhile. One
// that failed because another took its place (a fence) asks the group whether
// it is still this instance's, and starts again if so.
package herder
