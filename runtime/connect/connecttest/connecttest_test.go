package connecttest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
)

// Fakes without a fault pass, in fake time.
func TestGood(t *testing.T) {
	for _, c := range sourceChecks {
		t.Run("Source/"+c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.run(t, faultySource{}) })
		})
	}
	for _, c := range sinkChecks {
		t.Run("Sink/"+c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.run(t, faultySink{}) })
		})
	}
}

// Each fault is caught by the check that is there for it, which says why.
func TestSourceFaults(t *testing.T) {
	faults := []struct{ fault, check, says string }{
		{"too many tasks", "Tasks", "gave 2 tasks"},
		{"no tasks", "Tasks", "gave 0 tasks"},
		{"nil task", "Tasks", "is nil"},
		{"one task twice", "Tasks", "are the same"},
		{"panics in Tasks", "Tasks", "Tasks panicked"},
		{"loses a record", "Complete", "25 records were added, 24 came"},
		{"loses a large record", "Complete", "5025 records were added, 5024 came"},
		{"repeats a record", "Complete", "record 3 came 2 times"},
		{"damages a record", "Complete", "never added"},
		{"out of order", "Complete", "of the same partition"},
		{"never marks", "Marks", "no marks"},
		{"marks only once", "Marks", "behind no mark"},
		{"new partition each time", "Marks", "compared by pointer"},
		{"one offset for all", "Marks", "was changed after it was marked"},
		{"mark without partition", "Marks", "no partition or no offset"},
		{"mark without offset", "Marks", "no partition or no offset"},
		{"struct in offset", "Marks", "no JSON scalar"},
		{"marks out of order", "Marks", "a mark ends at record"},
		{"ignores offsets", "Resume", "came twice"},
		{"resumes one late", "Resume", "records were added behind map["},
		{"resumes one early", "Resume", "came twice"},
		{"marks ahead", "Resume", "records were added behind map["},
		{"infinite offset", "Resume", "Open of task 0"},
		{"reuses its buffer", "Unchanged", "was changed after Poll"},
		{"spins", "IdleWaits", "Poll must wait"},
		{"waits too long", "IdleWaits", "a second is the most"},
		{"idle records", "IdleWaits", "0 records were added"},
		{"hangs", "IdleWaits", "Poll does not return"},
		{"ignores its context", "ContextEnds", "at the soonest"},
		{"context's end is an error", "ContextEnds", "Poll of task 0: context"},
		{"context's end ends the task", "ContextEnds", "0 came"},
		{"accepts anything", "Invalid", "gave an error"},
		{"panics in Open", "Invalid", "panicked: no memory"},
		{"empty error", "Invalid", "says nothing"},
		{"Close fails after a failed Open", "Invalid", "Close after a failed Open"},
		{"driver without invalid", "Invalid", "no invalid configuration"},
		{"Close without Open panics", "CloseWithoutOpen", "panicked: not open"},
		{"starts only once", "Restart", "10 records were added, 0 came"},
		{"Close fails", "Restart", "cannot close"},
		{"Close hangs", "Restart", "Close does not return"},
		{"second Open hangs", "TwoAtOnce", "a second Open does not return"},
		{"second Open spoils the first", "TwoAtOnce", "after a second instance"},
		{"leaks a goroutine", "Leaks", "goroutines are left behind"},
		{"leaks a file", "Leaks", "open files are left behind"},
	}
	covered := map[string]bool{}
	for _, f := range faults {
		covered[f.check] = true
		t.Run(f.check+"/"+f.fault, func(t *testing.T) {
			if f.fault == "leaks a file" && openFiles() == 0 {
				t.Skip("this system does not tell which files are open")
			}
			caught[SourceDriver](t, find(t, sourceChecks, f.check), faultySource{f.fault}, f.says)
		})
	}
	all(t, sourceChecks, covered)
}

func TestSinkFaults(t *testing.T) {
	faults := []struct{ fault, check, says string }{
		{"Flush does nothing", "Flush", "is missing"},
		{"loses the last", "Flush", "is missing"},
		{"writes twice", "Flush", "is missing or there twice"},
		{"Flush repeats", "Flush", "there twice"},
		{"Put hangs", "Flush", "Put does not return"},
		{"Put fails", "Flush", "Put of 1 records: fake: no"},
		{"Close fails", "Flush", "cannot close"},
		{"Close hangs", "Flush", "Close does not return"},
		{"Close drops what was flushed", "Flush", "is missing"},
		{"empty Put panics", "Empty", "Put panicked"},
		{"Flush fails without Put", "Empty", "nothing to flush"},
		{"truncates at Open", "Empty", "is missing"},
		{"keeps the batch", "KeepsNothing", "damaged"},
		{"changes the text", "Unchanged", "changed record 0"},
		{"changes the record", "Unchanged", "changed record 0"},
		{"clears the batch", "Unchanged", "changed record 0"},
		{"truncates at Open", "Redelivery", "is missing"},
		{"opens once", "Redelivery", "open already"},
		{"tasks overwrite each other", "Tasks", "is missing"},
		{"text only", "AnyValue", "panicked: not a text"},
		{"accepts anything", "Invalid", "gave no error"},
		{"panics in Open", "Invalid", "panicked: no table"},
		{"empty error", "Invalid", "says nothing"},
		{"driver without invalid", "Invalid", "no invalid configuration"},
		{"leaks a goroutine", "Leaks", "goroutines are left behind"},
		{"leaks a file", "Leaks", "open files are left behind"},
	}
	covered := map[string]bool{}
	for _, f := range faults {
		covered[f.check] = true
		t.Run(f.check+"/"+f.fault, func(t *testing.T) {
			if f.fault == "leaks a file" && openFiles() == 0 {
				t.Skip("this system does not tell which files are open")
			}
			caught[SinkDriver](t, find(t, sinkChecks, f.check), faultySink{f.fault}, f.says)
		})
	}
	all(t, sinkChecks, covered)
}

func find[D any](t *testing.T, checks []check[D], name string) check[D] {
	t.Helper()
	for _, c := range checks {
		if c.name == name {
			return c
		}
	}
	t.Fatalf("there is no check %q", name)
	return check[D]{}
}

// all fails where no fault proves a check.
func all[D any](t *testing.T, checks []check[D], covered map[string]bool) {
	t.Helper()
	for _, c := range checks {
		if !covered[c.name] {
			t.Errorf("no fault proves the check %q", c.name)
		}
	}
}

// caught runs a check on a fake, in fake time, and fails unless the check
// does, with these words.
func caught[D any](t *testing.T, c check[D], d D, says string) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.run(r, d)
		}()
		<-done
		if len(r.said) == 0 {
			t.Fatal("the check passes")
		}
		if all := strings.Join(r.said, "\n"); !strings.Contains(all, says) {
			t.Errorf("the check does not say %q but\n%s", says, all)
		}
	})
}

// recorder is a test whose failures are kept.
type recorder struct {
	testing.TB
	said []string
}

func (r *recorder) Failed() bool              { return len(r.said) > 0 }
func (r *recorder) Error(args ...any)         { r.said = append(r.said, fmt.Sprint(args...)) }
func (r *recorder) Errorf(f string, a ...any) { r.said = append(r.said, fmt.Sprintf(f, a...)) }
func (r *recorder) Fatal(args ...any)         { r.Error(args...); runtime.Goexit() }
func (r *recorder) Fatalf(f string, a ...any) { r.Errorf(f, a...); runtime.Goexit() }
