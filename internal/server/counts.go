package server

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
)

// counts are what the server has done since it began, in the text form that monitors read.
type counts struct {
	mu sync.Mutex
	n  map[string]int64
}

func newCounts() *counts { return &counts{n: map[string]int64{}} }

// add counts; name may have labels. Names and labels are constants of the program: there are few.
func (c *counts) add(name string, n int64) {
	c.mu.Lock()
	c.n[name] += n
	c.mu.Unlock()
}

func (c *counts) write(w io.Writer) error {
	c.mu.Lock()
	now := maps.Clone(c.n)
	c.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if _, err := fmt.Fprintf(w, "%s %d\n", name, now[name]); err != nil {
			return err
		}
	}
	return nil
}
