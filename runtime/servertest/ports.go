package servertest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken below the range that the kernel hands out for outgoing
// connections (32768 and up on Linux): there, a client that keeps dialling a
// stopped server would one day be given the server's own port and be
// connected to itself.
const firstPort, lastPort = 20000, 32000

// freePorts finds n loopback ports that nothing listens on now.
func freePorts(n int) ([]int, error) {
	var ports []int
	var held []net.Listener // so that no port is found twice
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	for try := 0; len(ports) < n; try++ {
		port := firstPort + rand.IntN(lastPort-firstPort)
		l, err := net.Listen("tcp", loopback(port))
		if err != nil {
			if try > 1000 {
				return nil, fmt.Errorf("servertest: find a free port from %d to %d: %w", firstPort, lastPort, err)
			}
			continue
		}
		held = append(held, l)
		ports = append(ports, port)
	}
	return ports, nil
}

// loopback is the address of a port of this machine.
func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
