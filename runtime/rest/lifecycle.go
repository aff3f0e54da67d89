package rest

import (
	"maps"
	"net/http"
	"strconv"

	"kcgen.dev/runtime/state"
)

func (h *Handler) lifecycle() []endpoint {
	return []endpoint{
		{method: "PUT", path: "/connectors/{}/pause", serve: h.target(state.Paused, http.StatusAccepted)},
		{method: "PUT", path: "/connectors/{}/resume", serve: h.target(state.Started, http.StatusAccepted)},
		{method: "PUT", path: "/connectors/{}/stop", serve: h.target(state.Stopped, http.StatusNoContent)},
		{method: "POST", path: "/connectors/{}/restart", serve: h.restart},
		{method: "GET", path: "/connectors/{}/tasks", serve: h.getTasks},
		{method: "GET", path: "/connectors/{}/tasks/{}/status", serve: h.taskStatus},
		{method: "POST", path: "/connectors/{}/tasks/{}/restart", serve: h.restartTask},
		{method: "GET", path: "/connectors/{}/topics", serve: h.topics},
		{method: "PUT", path: "/connectors/{}/topics/reset", serve: h.resetTopics},
	}
}

// target serves pause, resume and stop.
func (h *Handler) target(t state.Target, status int) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		x, err := h.connector(c, "Unknown connector %s")
		if err != nil {
			return answer{}, err
		}
		return answer{status: status}, h.o.Herder.SetTarget(c.ctx, x.Name, t)
	}
}

const unknownConnector = "Unknown connector: %s"

// restart answers with the status where more than the connector alone may be
// restarted (KIP-745).
func (h *Handler) restart(c *call) (answer, error) {
	x, err := h.connector(c, unknownConnector)
	if err != nil {
		return answer{}, err
	}
	r := Restart{IncludeTasks: c.flag("includeTasks"), OnlyFailed: c.flag("onlyFailed")}
	s, err := h.o.Herder.Restart(c.ctx, x.Name, r)
	if err != nil || r == (Restart{}) {
		return answer{status: http.StatusNoContent}, err
	}
	return answer{http.StatusAccepted, newStatus(x, s)}, nil
}

// task reads the number of a task in a path. Kafka Connect's paths have none
// but digits.
func task(c *call) (int, error) {
	text := c.arg(1)
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || text[0] == '+' {
		return 0, plain(http.StatusNotFound)
	}
	return n, nil
}

func (h *Handler) restartTask(c *call) (answer, error) {
	n, err := task(c)
	if err != nil {
		return answer{}, err
	}
	x, err := h.connector(c, unknownConnector)
	if err != nil {
		return answer{}, err
	}
	id := state.TaskID{Connector: x.Name, Task: n}
	tasks, err := h.o.Herder.Tasks(c.ctx, x.Name)
	if err == nil && n >= tasks {
		err = fail(http.StatusNotFound, "Unknown task: %s", id)
	}
	if err == nil {
		err = h.o.Herder.RestartTask(c.ctx, id)
	}
	return answer{status: http.StatusNoContent}, err
}

type taskConfig struct {
	ID     taskID            `json:"id"`
	Config map[string]string `json:"config"`
}

// getTasks shows each task with its connector's configuration: a task of kcgen
// is given no other, and is of no other class.
func (h *Handler) getTasks(c *call) (answer, error) {
	x, err := h.connector(c, notFound)
	if err != nil {
		return answer{}, err
	}
	n, err := h.o.Herder.Tasks(c.ctx, x.Name)
	if err != nil {
		return answer{}, err
	}
	config := maps.Clone(x.Config)
	config["task.class"] = config["connector.class"]
	out := []taskConfig{}
	for i := range n {
		out = append(out, taskConfig{taskID{x.Name, i}, config})
	}
	return ok(out)
}

func (h *Handler) taskStatus(c *call) (answer, error) {
	n, err := task(c)
	if err != nil {
		return answer{}, err
	}
	unknown := fail(http.StatusNotFound, "No status found for task %s", state.TaskID{Connector: clip(c.arg(0)), Task: n})
	x := h.byName[c.arg(0)]
	if x == nil {
		return answer{}, unknown
	}
	s, err := h.o.Herder.Status(c.ctx, x.Name)
	if err != nil {
		return answer{}, err
	}
	for _, t := range s.Tasks {
		if t.Task == n {
			return ok(taskInfo{n, newState(x, t.Status)})
		}
	}
	return answer{}, unknown
}

// topics of a connector that there is not are none, as in Kafka Connect
// (KIP-558).
func (h *Handler) topics(c *call) (answer, error) {
	list := []string{}
	if x := h.byName[c.arg(0)]; x != nil {
		used, err := h.o.Herder.Topics(c.ctx, x.Name)
		if err != nil {
			return answer{}, err
		}
		list = append(list, used...)
	}
	return ok(map[string]map[string][]string{clip(c.arg(0)): {"topics": list}})
}

func (h *Handler) resetTopics(c *call) (answer, error) {
	var err error
	if x := h.byName[c.arg(0)]; x != nil {
		err = h.o.Herder.ResetTopics(c.ctx, x.Name)
	}
	return answer{status: http.StatusAccepted}, err
}
