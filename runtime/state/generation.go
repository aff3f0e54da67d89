package state

// Generation is the highest that a status carries.
func (s *Statuses) Generation() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	highest := 0
	for _, e := range s.connectors {
		highest = max(highest, e.now.Generation)
	}
	for _, e := range s.tasks {
		highest = max(highest, e.now.Generation)
	}
	return highest
}
