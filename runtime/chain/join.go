package chain

import (
	"fmt"

	"kcgen.dev/runtime/internal/reshape"
)

// join has steps in a row that change fields of the same datum change them
// together, so that a record is copied once and not by each. A step that has a
// predicate stays alone.
func (c *Chain) join() error {
	var joined []reshape.Step
	first := 0
	for i := range c.Steps {
		step, err := c.Steps[i].reshape()
		if err != nil {
			return fmt.Errorf("transform %s: %w", c.Steps[i].Name, err)
		}
		if len(joined) > 0 && !step.Follows(joined[0]) {
			c.together(first, joined)
			joined = nil
		}
		if step.On == "" {
			continue
		}
		if len(joined) == 0 {
			first = i
		}
		joined = append(joined, step)
	}
	c.together(first, joined)
	return nil
}

// Together has the names of the steps that are done as one, for each such run.
func (c *Chain) Together() (runs [][]string) {
	for i := 0; i < len(c.Steps); i++ {
		s := &c.Steps[i]
		if s.joined == nil {
			continue
		}
		var run []string
		for _, one := range c.Steps[i : i+s.more+1] {
			run = append(run, one.Name)
		}
		runs = append(runs, run)
		i += s.more
	}
	return runs
}

// reshape is what the step does to fields; nothing where that cannot be said.
func (s *Opened) reshape() (step reshape.Step, err error) {
	if t, ok := s.what.(reshape.Transform); ok && s.when == nil && s.not == nil {
		step, err = t.Reshape()
	}
	return step, err
}

// together has the first of these steps do what they all do.
func (c *Chain) together(first int, steps []reshape.Step) {
	if len(steps) > 1 {
		c.Steps[first].joined, c.Steps[first].more = reshape.Join(steps), len(steps)-1
	}
}
