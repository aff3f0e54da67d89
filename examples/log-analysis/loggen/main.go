// Loggen writes an access log of any length for demos and benchmarks. The same
// flags give the same bytes.
//
//	go run ./examples/log-analysis/loggen -n 100000 > application.log
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"
)

func main() {
	lines := flag.Int("n", 100_000, "how many lines to write")
	seed := flag.Uint64("seed", 1, "another seed, another log")
	out := flag.String("o", "", "the file to write; standard output if empty")
	flag.Parse()
	if flag.NArg() > 0 || *lines < 0 {
		fmt.Fprintln(os.Stderr, "loggen: usage: loggen [-n N] [-seed N] [-o FILE]")
		os.Exit(2)
	}
	if err := run(*out, *lines, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "loggen:", err)
		os.Exit(1)
	}
}

func run(out string, lines int, seed uint64) error {
	if out == "" {
		return write(os.Stdout, lines, seed)
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := write(f, lines, seed); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

var (
	methods = []string{"GET", "GET", "GET", "GET", "GET", "POST", "PUT", "DELETE"}
	paths   = []string{"/", "/login", "/cart", "/checkout", "/search?q=shoes", "/api/v1/orders/%d", "/static/app.%d.js", "/products/%d"}
	codes   = []int{200, 200, 200, 200, 200, 200, 201, 204, 301, 304, 400, 401, 404, 404, 500, 503}
	agents  = []string{"Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", "curl/8.5.0", "kube-probe/1.33"}
)

// write makes lines in the combined log format, some ten milliseconds apart.
func write(w io.Writer, lines int, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 0))
	at := time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)
	b := bufio.NewWriterSize(w, 1<<16)
	for range lines {
		at = at.Add(time.Duration(r.IntN(20)) * time.Millisecond)
		path := pick(r, paths)
		if strings.Contains(path, "%d") {
			path = fmt.Sprintf(path, r.IntN(100_000))
		}
		fmt.Fprintf(b, "10.%d.%d.%d - - [%s] \"%s %s HTTP/1.1\" %d %d \"-\" %q\n",
			r.IntN(4), r.IntN(256), 1+r.IntN(254), at.Format("02/Jan/2006:15:04:05 -0700"),
			pick(r, methods), path, pick(r, codes), r.IntN(50_000), pick(r, agents))
	}
	return b.Flush()
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
