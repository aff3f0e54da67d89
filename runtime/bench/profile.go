package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// profiles runs each pipeline twice, and keeps a CPU profile of the second run:
// the first says how long it takes.
func (b *bench) profiles(ctx context.Context) error {
	if err := os.MkdirAll(b.profile, 0o755); err != nil {
		return fmt.Errorf("bench: make the folder of profiles: %w", err)
	}
	for _, c := range b.cases {
		m, err := b.measure(ctx, c, contenders[1])
		for seconds := max(1, int(m.Wall*0.7)); err == nil; seconds /= 2 {
			// A run that is quicker than the first one ends before its profile.
			if err = b.profileCase(ctx, c, seconds); err == nil {
				break
			}
			if seconds > 1 && ctx.Err() == nil {
				err = nil
			}
		}
		if err != nil {
			return fmt.Errorf("bench: profile %s: %w", c.name, err)
		}
		fmt.Printf("%-12s %s\n", c.name, m)
	}
	return nil
}

// profileCase runs a pipeline with -pprof, and asks for its profile meanwhile.
func (b *bench) profileCase(ctx context.Context, c benchCase, seconds int) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := l.Addr().String()
	_ = l.Close()
	by := contenders[1]
	by.command = func(ctx context.Context, b *bench, w *work) (*exec.Cmd, error) {
		cmd, err := kcgenCommand(ctx, b, w)
		if err == nil {
			cmd.Args = append(cmd.Args, "-pprof", address)
		}
		return cmd, err
	}
	fetched := make(chan error, 1)
	go func() {
		fetched <- fetchProfile(ctx, "http://"+address+"/debug/pprof/profile?seconds="+strconv.Itoa(seconds), filepath.Join(b.profile, c.name+".pprof"))
	}()
	if _, err := b.measure(ctx, c, by); err != nil {
		return err
	}
	return <-fetched
}

// fetchProfile waits for the program to serve, and for its profile.
func fetchProfile(ctx context.Context, url, file string) error {
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if errors.Is(err, syscall.ECONNREFUSED) && time.Since(begun) < time.Minute && ctx.Err() == nil {
			continue // it does not serve yet
		}
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err == nil && resp.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s: %s", url, resp.Status, data)
		}
		if err != nil {
			return err
		}
		return os.WriteFile(file, data, 0o644)
	}
}
