package rest

import (
	"context"
	"errors"
	"net/http"
	"time"
)

func (h *Handler) root() []endpoint {
	return []endpoint{
		{method: "GET", path: "/", serve: h.getRoot},
		{method: "GET", path: "/health", serve: h.health, open: true},
	}
}

type about struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Cluster string `json:"kafka_cluster_id"`
}

func (h *Handler) getRoot(c *call) (answer, error) {
	id, err := h.o.Herder.ClusterID(c.ctx)
	return answer{http.StatusOK, about{h.o.Version, h.o.Commit, id}}, err
}

type healthInfo struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// healthWait is how long the herder may take to say how it is.
const healthWait = time.Second

// health is for probes (KIP-1017): 200, 503 before the start is done, 500 where
// the herder has a fault or does not answer. With ?live, which Kafka Connect has
// not, an instance that only waits for its group is well: who starts it again
// while the brokers are away wins nothing.
func (h *Handler) health(c *call) (answer, error) {
	ctx, cancel := context.WithTimeout(c.ctx, healthWait)
	defer cancel()
	err := h.o.Herder.Health(ctx)
	switch {
	case err == nil, c.query.Has("live") && errors.Is(err, ErrApart):
		return ok(healthInfo{"healthy", "Worker has completed startup and is ready to handle requests."})
	case errors.Is(err, ErrStarting):
		return answer{http.StatusServiceUnavailable, healthInfo{"starting", "Worker is still starting up. " + detail(err)}}, nil
	}
	return answer{http.StatusInternalServerError,
		healthInfo{"unhealthy", "Worker was unable to handle this request and may be unable to handle other requests. " + detail(err)}}, nil
}

func detail(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "Its control loop did not answer within " + healthWait.String() + "."
	}
	return err.Error()
}
