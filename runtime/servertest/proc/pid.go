package proc

// Pid is the number that the kernel gave the process.
func (p *Process) Pid() int { return p.cmd.Process.Pid }
