package app

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"framehold/internal/session"
	"framehold/internal/studio"
)

const (
	jobEmitEach = 100 * time.Millisecond
	jobsKept    = 50 // ended ones, for a page that loads anew
)

// jobs is the long work of the app.
type jobs struct {
	mu     sync.Mutex
	list   []*job
	nextID int
}

type job struct {
	Job
	stop context.CancelFunc
	last time.Time
}

// start runs fn as a job and returns its id at once.
func (c *core) start(kind, title string, fn func(ctx context.Context, report func(func(*Job))) error) string {
	ctx, stop := context.WithCancel(c.ctx)
	c.jobs.mu.Lock()
	c.jobs.nextID++
	j := &job{stop: stop, Job: Job{ID: fmt.Sprintf("job-%d", c.jobs.nextID), Kind: kind, Title: title, Phase: "reading", Labels: []string{},
		Act: Act{Results: []Result{}}}}
	c.jobs.list = append(c.jobs.list, j)
	if extra := len(c.jobs.list) - jobsKept; extra > 0 {
		c.jobs.list = slices.DeleteFunc(c.jobs.list, func(o *job) bool { extra--; return extra >= 0 && o.Ended })
	}
	c.jobs.mu.Unlock()
	c.running.Go(func() {
		defer stop()
		err := c.runJob(ctx, j, fn)
		c.report(j, true, func(out *Job) {
			out.Ended, out.Error = true, c.told(err)
			if err == nil {
				out.Phase = "done"
			}
		})
	})
	return j.ID
}

func (c *core) runJob(ctx context.Context, j *job, fn func(context.Context, func(func(*Job))) error) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("panic: %v\n%s", broken, debug.Stack())
		}
	}()
	return fn(ctx, func(change func(*Job)) { c.report(j, false, change) })
}

// report changes a job and tells the page, at most ten times a second while it runs.
func (c *core) report(j *job, always bool, change func(*Job)) {
	c.jobs.mu.Lock()
	phase := j.Phase
	change(&j.Job)
	now := c.env.Clock.Now()
	due := always || phase != j.Phase || now.Sub(j.last) >= jobEmitEach
	if due {
		j.last = now
	}
	told := j.Job
	c.jobs.mu.Unlock()
	if due {
		c.emit(EventJob, told)
	}
}

// steps turns a session's progress into a job's: rate and what remains.
func (c *core) steps(report func(func(*Job))) session.Progress {
	began := c.env.Clock.Now()
	return func(s session.Step) {
		took := c.env.Clock.Since(began)
		report(func(j *Job) {
			j.Phase, j.Done, j.Total = s.Phase, s.Done, s.Total
			if ms := took.Milliseconds(); ms > 0 {
				j.PerSecond = s.Done * 1000 / ms
			}
			j.RemainingMs = 0
			if j.PerSecond > 0 && s.Total > s.Done {
				j.RemainingMs = (s.Total - s.Done) * 1000 / j.PerSecond
			}
		})
	}
}

// job starts work in the open project.
func (c *core) job(kind, title string, fn func(ctx context.Context, s *session.Session, p session.Progress, report func(func(*Job))) error) (string, error) {
	s, err := c.current()
	if err != nil {
		return "", c.failure(err)
	}
	return c.start(kind, title, func(ctx context.Context, report func(func(*Job))) error {
		return fn(ctx, s, c.steps(report), report)
	}), nil
}

func (c *core) title(ctx context.Context, s *session.Session, kind string, ids []studio.AssetID) string {
	params := map[string]string{"path": c.catalogue.Jobs["many"], "n": fmt.Sprint(len(ids))}
	if p, err := s.Look(ctx); err == nil && len(ids) == 1 {
		params["path"] = p.Path(ids[0].ID)
	} else {
		params["path"] = fill(c.catalogue.Jobs["many"], params)
	}
	return fill(c.catalogue.Jobs[kind], params)
}

// CancelJob stops a job; what it has not made durable is as if it never was.
func (p *Projects) CancelJob(id string) error {
	p.jobs.mu.Lock()
	defer p.jobs.mu.Unlock()
	for _, j := range p.jobs.list {
		if j.ID == id {
			j.stop()
		}
	}
	return nil
}

// Jobs lists the jobs that run, and those that ended lately.
func (p *Projects) Jobs() ([]Job, error) {
	p.jobs.mu.Lock()
	defer p.jobs.mu.Unlock()
	list := make([]Job, 0, len(p.jobs.list))
	for _, j := range p.jobs.list {
		list = append(list, j.Job)
	}
	return list, nil
}
