package servertest

// LogPath is the file with the server's log, over all its starts.
func (s *server) LogPath() string { return s.logPath() }
