package servertest

// KafkaAdvertise adds a listener in the clear as KafkaListener does, of which
// the broker tells clients the address at: that of a proxy, which is between
// them and the broker from then on.
func KafkaAdvertise(name, at string) KafkaOption {
	return func(c *kafkaConfig) {
		c.listeners = append(c.listeners, listener{name: name, protocol: "PLAINTEXT", told: at})
	}
}

// FreePort is the address of a loopback port that nothing listens on now, and
// that the kernel gives to no outgoing connection.
func FreePort() (string, error) {
	ports, err := freePorts(1)
	if err != nil {
		return "", err
	}
	return loopback(ports[0]), nil
}

// advertised is the address that the broker tells of the listener.
func (l listener) advertised() string {
	if l.told != "" {
		return l.told
	}
	return loopback(l.port)
}
