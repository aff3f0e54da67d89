package worker

import (
	"context"
	"errors"
)

// Run starts every task and returns when all have ended: because ctx did,
// because nothing happened for IdleExit, or because every one has failed. It is
// for work of one connector that ends; a pipeline's tasks have a herder.
func (w *Worker) Run(ctx context.Context) error {
	defer w.Close()
	if err := w.Open(ctx); err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil // stopped before it began
		}
		return err
	}
	for _, id := range w.Tasks() {
		if err := w.Start(id, Events{}); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		<-ctx.Done()
		w.end()
	}()
	if w.cfg.IdleExit > 0 {
		go func() {
			w.AwaitIdle(ctx, func() bool { return true })
			cancel()
		}()
	}
	w.Wait()
	return w.Failure()
}
