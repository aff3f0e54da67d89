package chaos_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"syscall"
	"time"
)

var client = &http.Client{Timeout: 5 * time.Second}

// rest asks for something, one instance after the other, until one has done it.
// Those that are dead, frozen or cut off cannot; in the end somebody must.
func (f *field) rest(s step, method, what string) {
	c := f.connector(s)
	path := "/connectors/" + c.name + "/" + what
	var err error
	for begun := time.Now(); time.Since(begun) < 2*time.Minute; time.Sleep(100 * time.Millisecond) {
		for i := range f.instances {
			at := f.instances[(s.instance+i)%len(f.instances)]
			if err = at.ask(method, path, nil); err == nil {
				return
			}
			if errors.Is(err, errMissing) {
				at.wake(c)
			} else if method == http.MethodPut && !errors.Is(err, syscall.ECONNREFUSED) {
				c.unsure = true
			}
		}
	}
	f.fault("no instance does %s %s: %v", method, path, err)
}

// errMissing is that there is no such thing.
var errMissing = errors.New("there is no such thing")

// wake resumes a connector that was stopped or paused late: an instance that
// was asked for it, and could not say in time whether it was done, may do it
// after another one was asked to resume, as Kafka Connect may.
func (i *instance) wake(c *connector) {
	if c.unsure {
		_ = i.ask(http.MethodPut, "/connectors/"+c.name+"/resume", nil) // or later
	}
}

// ask sends a request without a body and reads the answer.
func (i *instance) ask(method, path string, answer any) error {
	req, err := http.NewRequestWithContext(context.Background(), method, "http://"+i.rest+path, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusNotFound {
		return fmt.Errorf("%w: %s", errMissing, body)
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s: %s", resp.Status, body)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(body, answer)
}

// status is the part of a connector's status that is looked at.
type status struct {
	Connector struct{ State string }
	Tasks     []struct {
		ID       int
		State    string
		WorkerID string `json:"worker_id"`
		Trace    string
	}
}

// unwell says which connector or task does not run, as an instance knows it;
// "" where all do. loads counts the tasks of each instance.
func (f *field) unwell(i *instance) (trouble string, loads map[string]int) {
	loads = map[string]int{}
	for _, c := range f.connectors {
		var s status
		if err := i.ask(http.MethodGet, "/connectors/"+c.name+"/status", &s); err != nil {
			return err.Error(), nil
		}
		if s.Connector.State == "STOPPED" || s.Connector.State == "PAUSED" {
			i.wake(c)
		}
		if s.Connector.State != "RUNNING" || len(s.Tasks) != c.tasks {
			return fmt.Sprintf("%s is %s with %d of %d tasks", c.name, s.Connector.State, len(s.Tasks), c.tasks), nil
		}
		for _, t := range s.Tasks {
			if t.State != "RUNNING" {
				return fmt.Sprintf("task %d of %s is %s: %s", t.ID, c.name, t.State, t.Trace), nil
			}
			loads[t.WorkerID]++
		}
	}
	return "", loads
}
