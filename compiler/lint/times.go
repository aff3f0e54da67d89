package lint

import (
	"fmt"
	"time"

	"kcgen.dev/compiler/plan"
)

// longPause: no pause is longer than all tries together.
func longPause(f *finder) {
	for _, p := range f.parts {
		errs := p.Struct.Struct("errors")
		pause, limit := errs.Written("retryDelayMax"), length(errs, "retryTimeout")
		if pause != nil && limit > 0 && length(errs, "retryDelayMax") > limit {
			f.warn(p.plan, p.Path+".errors.retryDelayMax", fmt.Sprintf("is longer than retryTimeout, which is %v: it changes nothing", limit), pause.Pos, p.Pos)
		}
	}
}

// shortDelivery: a delivery that ends before one request may has no second try.
func shortDelivery(f *finder) {
	each(f, "producer", "sources", func(p *plan.Pipeline, path string, s *plan.Struct) {
		delivery, request := length(s, "deliveryTimeout"), 30*time.Second
		if r := length(s, "requestTimeout"); r > 0 {
			request = r
		}
		if least := request + length(s, "linger"); delivery > 0 && delivery < least {
			f.warn(p, path+".deliveryTimeout", fmt.Sprintf("%v is less than linger and requestTimeout together, which are %v: a request that is lost fails the task, and is not tried again", delivery, least), s.At("deliveryTimeout"), s.Pos)
		}
	})
}

// shortSession: an instance that is well loses a heartbeat now and then.
func shortSession(f *finder) {
	heartbeat := func(p *plan.Pipeline, path string, s *plan.Struct) {
		session, beat := 45*time.Second, 3*time.Second
		if d := length(s, "sessionTimeout"); d > 0 {
			session = d
		}
		if d := length(s, "heartbeatInterval"); d > 0 {
			beat = d
		}
		if 3*beat > session {
			f.warn(p, path+".heartbeatInterval", fmt.Sprintf("%v is more than a third of sessionTimeout, which is %v: one heartbeat late, and the tasks move elsewhere", beat, session), s.At("heartbeatInterval"), s.Pos)
		}
	}
	each(f, "consumer", "sinks", heartbeat)
	for _, p := range f.plans {
		if g := p.Root.Struct("worker").Struct("group"); g != nil {
			heartbeat(p, "worker.group", g)
		}
	}
}

// longTransaction: transaction.max.timeout.ms is 15 minutes unless somebody has
// changed it.
func longTransaction(f *finder) {
	const most = 15 * time.Minute
	for _, p := range f.parts {
		e := p.Struct.Struct("exactlyOnce")
		if d := length(e, "transactionTimeout"); d > most {
			f.warn(p.plan, p.Path+".exactlyOnce.transactionTimeout", fmt.Sprintf("%v is more than brokers allow (transaction.max.timeout.ms), which by default is %v: they refuse the producer", d, most), e.At("transactionTimeout"), p.Pos)
		}
	}
}

// busyBulk: nobody has said how often tables are read whole.
func busyBulk(f *finder) {
	for _, p := range f.parts {
		conn := p.options()
		if p.Is(connectors+"sql.Source") && conn.Text("mode") == "bulk" && conn.Written("pollInterval") == nil {
			f.warn(p.plan, p.Path+".connector.pollInterval", fmt.Sprintf(`is not said: under mode "bulk" all rows are read, and written again, every %v`, length(conn, "pollInterval")), conn.At("mode"), p.Pos)
		}
	}
}

// each calls do with the client settings of the worker, and of each connector of
// a kind.
func each(f *finder, client, kind string, do func(p *plan.Pipeline, path string, s *plan.Struct)) {
	for _, p := range f.plans {
		if s := p.Root.Struct("worker").Struct(client); s != nil && len(p.Root.List(kind)) > 0 {
			do(p, "worker."+client, s)
		}
	}
	for _, p := range f.parts {
		if s := p.Struct.Struct(client); s != nil && p.Sink == (kind == "sinks") {
			do(p.plan, p.Path+"."+client, s)
		}
	}
}

// length is a duration; 0 where there is none, or no end.
func length(s *plan.Struct, name string) time.Duration {
	if l := s.Lit(name); l != nil && l.Kind == plan.Duration && l.Int > 0 {
		return time.Duration(l.Int)
	}
	return 0
}
