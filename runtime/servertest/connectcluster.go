package servertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// ConnectDistributed starts a Kafka Connect worker in distributed mode, alone
// in its group, without connectors: these are made with Do. Its topics are
// called GROUP-configs, GROUP-offsets and GROUP-status. worker lays properties
// over those that it needs to run at all. It is stopped when the test ends; it
// may be stopped before, by its Process, and started again.
func ConnectDistributed(t testing.TB, b *Broker, group string, worker map[string]string) *ConnectWorker {
	t.Helper()
	c := connectWorker(t, b)
	file, err := c.distributed(b, group, worker)
	if err != nil {
		t.Fatal(err)
	}
	c.startClass(t, connectDistributed, []string{file})
	return c
}

// distributed writes the file of a distributed worker.
func (c *ConnectWorker) distributed(b *Broker, group string, worker map[string]string) (string, error) {
	own := map[string]string{
		"group.id":                                group,
		"scheduled.rebalance.max.delay.ms":        "0",
		"config.storage.topic":                    group + "-configs",
		"config.storage.replication.factor":       "1",
		"offset.storage.topic":                    group + "-offsets",
		"offset.storage.partitions":               "5",
		"offset.storage.replication.factor":       "1",
		"status.storage.topic":                    group + "-status",
		"status.storage.partitions":               "1",
		"status.storage.replication.factor":       "1",
		"connector.client.config.override.policy": "All",
	}
	return c.write("worker.properties", c.essential(b, own, worker))
}

// Stop stops the worker in an orderly way: what its tasks have done is
// committed. Start starts it again.
func (c *ConnectWorker) Stop() { c.stop() }

// Do sends a request with a JSON body to the REST interface (none where body is
// nil) and gives what it answers, which is an error from 400 on.
func (c *ConnectWorker) Do(ctx context.Context, method, path string, body any) ([]byte, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL()+path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 400 {
		err = fmt.Errorf("servertest: Kafka Connect answers %s %s: %s: %s", method, path, resp.Status, answer)
	}
	return answer, err
}
