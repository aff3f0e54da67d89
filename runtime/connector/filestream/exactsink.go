package filestream

import (
	"context"
	"errors"

	"kcgen.dev/runtime/connect"
)

// exactTask is a sink task whose file holds each record once.
type exactTask struct {
	sinkTask
	file *exactFile
}

var _ connect.PositionKeeper = (*exactTask)(nil)

func (s Sink) openExactly(sc connect.SinkContext) (connect.SinkTask, error) {
	if s.File == "" {
		return nil, errors.New("filestream: exactlyOnce needs file: the standard output keeps no positions")
	}
	if sc.Task > 0 {
		return nil, errors.New("filestream: exactlyOnce needs tasksMax: 1: one task alone writes to the file")
	}
	file, err := openExact(s.File, sc.Log)
	if err != nil {
		return nil, err
	}
	return &exactTask{sinkTask{out: exactOutput{file}}, file}, nil
}

// Positions are those beside the file.
func (t *exactTask) Positions(_ context.Context, ps []connect.TopicPartition) ([]connect.Position, error) {
	var out []connect.Position
	for _, tp := range ps {
		if next, ok := t.file.at.of(tp); ok {
			out = append(out, connect.Position{TopicPartition: tp, Offset: next})
		}
	}
	return out, nil
}

// FlushAt makes the lines durable, and the positions with them.
func (t *exactTask) FlushAt(_ context.Context, ps []connect.Position) error {
	return t.file.flush(ps)
}

// exactOutput is an exactFile as what lines are written to.
type exactOutput struct{ *exactFile }

func (o exactOutput) end(err error) error { return o.done(err) }
func (o exactOutput) sync() error         { return o.flush(nil) }
