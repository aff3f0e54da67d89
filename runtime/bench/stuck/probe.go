package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// latencies prints how long answers took.
type latencies []time.Duration

func (l latencies) String() string {
	if len(l) == 0 {
		return "none"
	}
	slices.Sort(l)
	slow := 0
	for _, d := range l {
		if d > 200*time.Millisecond {
			slow++
		}
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return fmt.Sprintf("%6.1f ms %6.1f ms %6.1f ms %4d of %d", ms(l[len(l)/2]), ms(l[len(l)*99/100]), ms(l[len(l)-1]), slow, len(l))
}

// probe asks by REST again and again until ctx ends, and says how long each
// answer took. The bad ones are restarted, too, once the program serves: a
// Close is called then.
func probe(ctx context.Context, rest, run string) (took []time.Duration, err error) {
	client := &http.Client{Timeout: time.Minute}
	ask := func(method, path string) error {
		req, err := http.NewRequestWithContext(ctx, method, "http://"+rest+path, nil)
		if err != nil {
			return err
		}
		begun := time.Now()
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		took = append(took, time.Since(begun))
		if err == nil && resp.StatusCode >= 300 {
			err = fmt.Errorf("%s %s: %s", method, path, resp.Status)
		}
		return err
	}
	for ask(http.MethodGet, "/connectors/good-source-"+run+"/status") != nil && ctx.Err() == nil { // it does not serve yet
		time.Sleep(10 * time.Millisecond)
	}
	took = took[:0]
	for n := 0; ctx.Err() == nil && err == nil; n++ {
		for _, of := range []string{"source", "sink"} {
			for _, who := range []string{"good-", "bad-"} {
				err = first(err, ask(http.MethodGet, "/connectors/"+who+of+"-"+run+"/status"))
			}
			if n == 20 { // they are at work
				err = first(err, ask(http.MethodPost, "/connectors/bad-"+of+"-"+run+"/restart?includeTasks=true"))
			}
		}
		err = first(err, ask(http.MethodGet, "/connectors?expand=status&expand=info"))
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	if ctx.Err() != nil {
		err = nil
	}
	return took, err
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
