package sequence

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// incarnations numbers the tasks that were opened in this process.
var incarnations atomic.Int64

// diary is where one life of a task says when it did what: a line of the time
// in nanoseconds, the word, and who. It is a file, written at once, so that it
// holds what a killed process did last.
type diary struct {
	file *os.File
	who  string
	last time.Time
}

// Line is how a line of a diary is made, and read with fmt.Sscanf: the time,
// the word ("open", "act", "close"), the connector, the task, and the life.
const Line = "%d %s %s %d %s"

// beat is how often a task that works says so.
const beat = 20 * time.Millisecond

// openDiary begins a life. Its name is that of its process and a number.
func openDiary(folder, connector string, task int) (*diary, error) {
	life := fmt.Sprintf("%s-%d-%d", os.Getenv("CHAOS_INSTANCE"), os.Getpid(), incarnations.Add(1))
	f, err := os.OpenFile(filepath.Join(folder, "diary-"+life), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("sequence: open the diary: %w", err)
	}
	d := &diary{file: f, who: fmt.Sprintf("%s %d %s", connector, task, life)}
	return d, d.say("open")
}

// say writes a word down.
func (d *diary) say(word string) error {
	d.last = time.Now()
	if _, err := fmt.Fprintf(d.file, "%d %s %s\n", d.last.UnixNano(), word, d.who); err != nil {
		return fmt.Errorf("sequence: write the diary: %w", err)
	}
	return nil
}

// act says that the task is at work, unless it has just said so.
func (d *diary) act() error {
	if time.Since(d.last) < beat {
		return nil
	}
	return d.say("act")
}

func (d *diary) close() error {
	err := d.say("close")
	_ = d.file.Close()
	return err
}
