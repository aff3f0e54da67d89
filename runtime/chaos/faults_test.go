package chaos_test

import (
	"fmt"
	"net/http"
	"time"

	"kcgen.dev/runtime/servertest/weather"
)

func (f *field) kill(s step) {
	i := f.instances[s.instance]
	if p := i.take(); p != nil {
		p.Kill()
	}
	time.Sleep(s.lasts)
	f.start(i)
}

func (f *field) term(s step) {
	f.leave(s)
	time.Sleep(s.lasts)
	f.start(f.instances[s.instance])
}

func (f *field) join(s step) { f.start(f.instances[s.instance]) }

func (f *field) leave(s step) { f.instances[s.instance].term(f) }

func (f *field) freeze(s step) {
	p := f.instances[s.instance].running()
	if p == nil {
		return
	}
	if err := p.Pause(); err != nil {
		f.t.Errorf("freeze instance %d: %v", s.instance, err)
		return
	}
	from := time.Now()
	time.Sleep(s.lasts)
	f.mu.Lock()
	f.frozen = append(f.frozen, freeze{p.Pid(), from, time.Now()})
	f.mu.Unlock()
	if err := p.Resume(); err != nil {
		f.t.Errorf("wake instance %d: %v", s.instance, err)
	}
}

func (f *field) cut(s step)    { f.storm(s, weather.Weather{Cut: true}) }
func (f *field) hold(s step)   { f.storm(s, weather.Weather{Hold: true}) }
func (f *field) deafen(s step) { f.storm(s, weather.Weather{Deaf: true}) }

func (f *field) delay(s step) {
	f.storm(s, weather.Weather{Delay: 20 * time.Millisecond * time.Duration(1+s.which%10)})
}

// storm gives an instance's way to the broker another weather for a while.
func (f *field) storm(s step, w weather.Weather) {
	p := f.instances[s.instance].proxy
	p.Set(w)
	time.Sleep(s.lasts)
	p.Set(weather.Weather{})
}

func (f *field) killBroker(s step) {
	f.broker.Kill()
	f.bringBack(s)
}

func (f *field) restartBroker(s step) {
	_ = f.broker.Process().Stop(time.Minute) // a JVM ends with 143
	f.bringBack(s)
}

func (f *field) bringBack(s step) {
	time.Sleep(s.lasts)
	if err := f.broker.Start(); err != nil {
		f.t.Errorf("the broker does not start again: %v", err)
	}
}

func (f *field) freezeBroker(s step) {
	if err := f.broker.Pause(); err != nil {
		f.t.Errorf("freeze the broker: %v", err)
	}
	time.Sleep(s.lasts)
	if err := f.broker.Resume(); err != nil {
		f.t.Errorf("wake the broker: %v", err)
	}
}

// connector is the one that a step is about.
func (f *field) connector(s step) *connector { return f.connectors[s.which%len(f.connectors)] }

func (f *field) pause(s step)         { f.rest(s, http.MethodPut, "pause"); f.awake(s) }
func (f *field) stopConnector(s step) { f.rest(s, http.MethodPut, "stop"); f.awake(s) }

func (f *field) awake(s step) {
	time.Sleep(s.lasts)
	f.rest(s, http.MethodPut, "resume")
}

func (f *field) restart(s step) {
	f.rest(s, http.MethodPost, fmt.Sprintf("restart?includeTasks=%t&onlyFailed=%t", s.which%4 < 2, s.which%2 == 0))
}

func (f *field) restartTask(s step) {
	f.rest(s, http.MethodPost, fmt.Sprintf("tasks/%d/restart", s.which%f.connector(s).tasks))
}
