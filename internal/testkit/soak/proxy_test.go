package soak_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// trouble is what a line does with what goes over it.
type trouble int

// Troubles of a line.
const (
	clear      trouble = iota
	refusing           // nobody is met, and what stands is cut
	silentUp           // what the client says does not arrive
	silentDown         // what the studio says does not arrive
	slow               // everything comes later
	resetting          // cut in the middle of something
	halfOpen           // the studio's end is closed, the client hears nothing of it
	doubled            // what the client says arrives twice, over two connections
	troubles
)

// line is one client's way to the studio: a proxy that can be in trouble.
type line struct {
	listener net.Listener
	to       string
	wg       sync.WaitGroup

	mu    sync.Mutex
	rng   *rand.Rand
	now   trouble
	moved chan struct{} // closed when the trouble changes
	calls map[*call]bool
}

// call is one connection of the client's, and those to the studio.
type call struct {
	client net.Conn
	studio []net.Conn
	dead   bool // half open
}

func newLine(to string) (*line, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &line{listener: ln, to: to, rng: rand.New(rand.NewPCG(1, 1)), moved: make(chan struct{}), calls: map[*call]bool{}}
	l.wg.Go(l.accept)
	return l, nil
}

func (l *line) address() string { return l.listener.Addr().String() }

// close ends the line and everything that goes over it.
func (l *line) close() error {
	err := l.listener.Close()
	l.set(refusing)
	l.wg.Wait()
	return err
}

// set brings a line into trouble, or out of it. Connections that are half open stay so.
func (l *line) set(t trouble) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = t
	close(l.moved)
	l.moved = make(chan struct{})
	for c := range l.calls {
		switch {
		case t == refusing, t == resetting:
			c.cut()
		case t == halfOpen:
			c.dead = true
			for _, s := range c.studio {
				_ = s.Close()
			}
		}
	}
}

// heal brings a line out of trouble. What is half open, or was silent, is cut; or the former is left as it is: its client
// has to notice by itself.
func (l *line) heal(leaveDead bool) {
	l.mu.Lock()
	for c := range l.calls {
		if c.dead && !leaveDead || l.now == silentUp || l.now == silentDown {
			c.cut()
		}
	}
	l.mu.Unlock()
	l.set(clear)
}

// cut resets a connection at both ends.
func (c *call) cut() {
	for _, conn := range append([]net.Conn{c.client}, c.studio...) {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
}

func (l *line) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.wg.Go(func() { l.carry(client) })
	}
}

func (l *line) carry(client net.Conn) {
	l.mu.Lock()
	now := l.now
	l.mu.Unlock()
	c := &call{client: client}
	defer c.cut()
	if now == refusing {
		return
	}
	ends := 1
	if now == doubled {
		ends = 2
	}
	for range ends {
		s, err := net.Dial("tcp", l.to)
		if err != nil {
			return
		}
		c.studio = append(c.studio, s)
	}
	l.mu.Lock()
	l.calls[c] = true
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.calls, c)
		l.mu.Unlock()
	}()
	var ways sync.WaitGroup
	ways.Go(func() {
		l.pump(c, client, silentUp, c.studio...)
		l.over(c)
	})
	ways.Go(func() {
		l.pump(c, c.studio[0], silentDown, client)
		l.over(c)
	})
	for _, more := range c.studio[1:] {
		ways.Go(func() { _, _ = io.Copy(io.Discard, more) })
	}
	ways.Wait()
}

// over ends a connection of which one way has ended, unless it is half open: the client shall not know.
func (l *line) over(c *call) {
	l.mu.Lock()
	dead := c.dead
	l.mu.Unlock()
	if !dead {
		c.cut()
	}
}

// pump carries one way, as the trouble wants, until it ends. What is read while a way is silent is kept until it speaks
// again: TCP loses nothing, it only stands still.
func (l *line) pump(c *call, from net.Conn, silent trouble, to ...net.Conn) {
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		l.mu.Lock()
		now, moved, dead, wait := l.now, l.moved, c.dead, time.Duration(l.rng.IntN(40))*time.Millisecond
		part := 1 + l.rng.IntN(max(n, 1))
		l.mu.Unlock()
		for now == silent && !dead && err == nil {
			<-moved
			l.mu.Lock()
			now, moved, dead = l.now, l.moved, c.dead
			l.mu.Unlock()
		}
		if dead {
			if err != nil {
				return
			}
			continue // the client talks to nobody
		}
		if now == slow {
			time.Sleep(wait)
		}
		if now == resetting {
			n = min(n, part)
			err = errors.Join(err, errors.New("reset in the middle"))
		}
		for _, end := range to {
			if _, failed := end.Write(b[:n]); failed != nil && end == to[0] {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
