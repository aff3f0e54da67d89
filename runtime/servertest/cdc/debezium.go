package cdc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/servertest"
)

// Debezium is Debezium in Kafka Connect, whose group's topics are called Group.
type Debezium struct {
	Connect *servertest.ConnectWorker
	Broker  *servertest.Broker
	Group   string

	name string
}

// converters have keys, values and headers written with their schemas.
var converters = map[string]string{
	"key.converter": jsonConverter, "key.converter.schemas.enable": "true",
	"value.converter": jsonConverter, "value.converter.schemas.enable": "true",
	// A null is to be told from a default.
	"key.converter.replace.null.with.default": "false", "value.converter.replace.null.with.default": "false",
	"header.converter": jsonConverter, "header.converter.schemas.enable": "true",
	"topic.creation.default.partitions": "1", "topic.creation.default.replication.factor": "1",
}

const jsonConverter = "org.apache.kafka.connect.json.JsonConverter"

// Start makes the connector, or resumes it.
func (d *Debezium) Start(ctx context.Context, name string, properties map[string]string) error {
	if d.name == name {
		_, err := d.Connect.Do(ctx, http.MethodPut, "/connectors/"+name+"/resume", nil)
		return err
	}
	d.name = name
	all := maps.Clone(converters)
	maps.Copy(all, properties)
	_, err := d.Connect.Do(ctx, http.MethodPut, "/connectors/"+name+"/config", all)
	return err
}

// Stop stops the connector, and waits until its task is gone.
func (d *Debezium) Stop(ctx context.Context) error {
	if d.name == "" {
		return nil
	}
	if _, err := d.Connect.Do(ctx, http.MethodPut, "/connectors/"+d.name+"/stop", nil); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		s, err := d.status(ctx)
		if err == nil && s.Connector.State == "STOPPED" && len(s.Tasks) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(errors.New("cdc: Debezium does not stop"), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// status is what Kafka Connect says of a connector.
type status struct {
	Connector state
	Tasks     []state
}

type state struct{ State, Trace string }

func (d *Debezium) status(ctx context.Context) (status, error) {
	var s status
	answer, err := d.Connect.Do(ctx, http.MethodGet, "/connectors/"+d.name+"/status", nil)
	if err == nil {
		err = json.Unmarshal(answer, &s)
	}
	return s, err
}

// Failure is the trace of what failed.
func (d *Debezium) Failure(ctx context.Context) error {
	s, err := d.status(ctx)
	if err != nil {
		if strings.Contains(err.Error(), "404") {
			return nil // it has yet to hear of it
		}
		return err
	}
	for _, s := range append(s.Tasks, s.Connector) {
		if s.State == "FAILED" {
			return fmt.Errorf("cdc: Debezium has failed: %s", s.Trace)
		}
	}
	return nil
}

// Offsets are the connector's records of the offsets topic.
func (d *Debezium) Offsets(ctx context.Context) ([]Offset, error) {
	return readOffsets(ctx, d.Broker, d.Group+"-offsets", d.name)
}

// Delete removes the connector.
func (d *Debezium) Delete(ctx context.Context) error {
	if d.name == "" {
		return nil
	}
	_, err := d.Connect.Do(ctx, http.MethodDelete, "/connectors/"+d.name, nil)
	d.name = ""
	return err
}

// readOffsets reads a connector's offsets out of an offsets topic.
func readOffsets(ctx context.Context, b *servertest.Broker, topic, connector string) ([]Offset, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()), kgo.ConsumeTopics(topic), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("cdc: read offsets: %w", err)
	}
	left := 0
	ends.Each(func(o kadm.ListedOffset) { left += int(o.Offset) })
	var out []Offset
	for left > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return nil, fmt.Errorf("cdc: read offsets: %w", err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			left--
			if strings.HasPrefix(string(r.Key), fmt.Sprintf("[%q,", connector)) {
				out = append(out, Offset{raw(r.Key), raw(r.Value)})
			}
		})
	}
	return out, nil
}
