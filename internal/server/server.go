package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"framehold/internal/atomicfile"
	"framehold/internal/auth"
	"framehold/internal/chunk"
	"framehold/internal/chunkstore"
	"framehold/internal/fsys"
	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const (
	stopTimeout      = 20 * time.Second // what calls in flight get when the server stops
	sweepEvery       = time.Hour
	keepAliveIdle    = 5 * time.Minute
	streamsMax       = 250 // calls at once on one connection
	servingBytesMax  = 4 << 10
	transfersAtOnce  = 8 // each holds some 20 MiB
	servingFileFresh = 0o600
)

// Server serves a studio. Safe for concurrent use.
type Server struct {
	*Studio
	core      *Core
	hub       *hub
	writers   *writers
	counts    *counts
	arriving  *arriving
	newsKept  *newsKept
	transfers chan struct{} // a place for each stream of chunks
	lock      io.Closer     // one server for a studio
	pinned    atomic.Pointer[wire.Fingerprint]

	mu    sync.Mutex
	packs map[studio.ProjectID]*chunkstore.Packs
}

// Open opens a studio to serve it; what an older program has written is carried over first, with a copy beside it (row H18).
// Codes: those of OpenStudio; store_in_use, while another server has it; store_newer, for a project too.
func Open(ctx context.Context, o Options) (*Server, error) {
	st, err := OpenStudio(ctx, o)
	if err != nil {
		return nil, err
	}
	lock, err := o.FS.Lock(filepath.Join(o.Dir, serveLock), false)
	if errors.Is(err, fsys.ErrLocked) {
		err = studio.Refuse(studio.CodeStoreInUse, studio.Params{Path: o.Dir, Name: "studio"})
	}
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	st.serving = true
	if err := st.ready(ctx); err != nil {
		return nil, errors.Join(err, st.Close(), lock.Close())
	}
	h, c := newHub(), newCounts()
	return &Server{Studio: st, core: coreOf(st, c), hub: h, writers: newWriters(st.projects, h), counts: c,
		arriving: newArriving(), newsKept: newNewsKept(), transfers: make(chan struct{}, transfersAtOnce), lock: lock, packs: map[studio.ProjectID]*chunkstore.Packs{}}, nil
}

// ready opens every project. One that is damaged keeps nobody from the others.
func (s *Studio) ready(ctx context.Context) error {
	ids, err := s.projects.Projects(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		err := s.projects.Read(ctx, id, func(serverdb.Snapshot) error { return nil })
		if studio.CodeOf(err) == studio.CodeDamaged {
			s.log.Error("a project cannot be opened", "project", id.String(), "cause", err.Error())
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// coreOf makes the core that this studio serves. That a project's database went back is told to the admin, in the log.
func coreOf(st *Studio, c *counts) *Core {
	return &Core{Sign: st.keys.Sign, Verify: st.keys.Verify, DepositKey: st.keys.DepositKey,
		NewGeneration: func(project studio.ProjectID) [8]byte {
			st.log.Warn("the database of a project was set back: its clients give back what they have", "project", project.String())
			c.add("framehold_set_back_total", 1)
			return newGeneration()
		}}
}

// Close waits for what is being written and releases everything.
func (s *Server) Close() error {
	s.hub.close()
	s.writers.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, p := range s.packs {
		errs = append(errs, p.Close())
	}
	s.packs = map[studio.ProjectID]*chunkstore.Packs{}
	return errors.Join(append(errs, s.Studio.Close(), s.lock.Close())...)
}

// TLS is how the studio is met at an address: with the given certificate files; without any, not at all on loopback and by
// the studio's own certificate everywhere else, which is made when there is none. nil: plain HTTP.
func (s *Studio) TLS(files auth.CertificateFiles, listener net.Addr) (*tls.Config, error) {
	at, err := netip.ParseAddrPort(listener.String())
	local := err == nil && at.Addr().IsLoopback()
	if files == (auth.CertificateFiles{}) && local {
		return nil, nil
	}
	if files != (auth.CertificateFiles{}) {
		cert, err := auth.LoadCertificate(s.o.FS, files)
		if err != nil {
			return nil, err
		}
		return auth.ServerTLS(cert), nil
	}
	host, _, err := net.SplitHostPort(hostOf(listener))
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	cert, err := auth.OwnCertificate(s.o.FS, s.o.Dir, []string{host}, s.o.Clock)
	if err != nil {
		return nil, err
	}
	return auth.ServerTLS(cert), nil
}

// Place is where a studio is met: its address, and the certificate that clients pin, where nobody else vouches for it.
type Place struct {
	Server      string
	Fingerprint wire.Fingerprint
}

// Link is the studio without an invitation, as people get it.
func (p Place) Link() string { return wire.Link{Server: p.Server, Fingerprint: p.Fingerprint}.Text() }

// placeOf is where a listener is met.
func placeOf(listener net.Addr, config *tls.Config) Place {
	if config == nil {
		return Place{Server: "http://" + hostOf(listener)}
	}
	p := Place{Server: "https://" + hostOf(listener)}
	for _, c := range config.Certificates {
		if cert, err := x509.ParseCertificate(c.Certificate[0]); err == nil && bytes.Equal(cert.RawIssuer, cert.RawSubject) {
			p.Fingerprint = wire.FingerprintOf(cert.Raw)
		}
	}
	return p
}

func (s *Server) fingerprint() wire.Fingerprint {
	if f := s.pinned.Load(); f != nil {
		return *f
	}
	return wire.Fingerprint{}
}

// Run serves on a listener until ctx ends; then it takes no more, finishes the calls in flight and returns. ready, which may
// be nil, hears where the studio is met. config nil: plain HTTP, which is refused off loopback.
func (s *Server) Run(ctx context.Context, listener net.Listener, config *tls.Config, ready func(Place)) error {
	place := placeOf(listener.Addr(), config)
	at, err := netip.ParseAddrPort(listener.Addr().String())
	if config == nil && (err != nil || !at.Addr().IsLoopback()) {
		return errors.Join(fmt.Errorf("serve: %s is reached from elsewhere, and has no TLS", listener.Addr()), listener.Close())
	}
	s.pinned.Store(&place.Fingerprint)
	if err := s.rememberPlace(place); err != nil {
		return errors.Join(err, listener.Close())
	}
	srv := &http.Server{Handler: s.Handler(), Protocols: wire.Protocols(), ReadHeaderTimeout: headerTimeout, IdleTimeout: keepAliveIdle,
		MaxHeaderBytes: headerMax, TLSConfig: config, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: streamsMax}}
	srv.RegisterOnShutdown(s.hub.close)
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	wg.Go(func() { s.sweep(ctx) })
	wg.Go(func() { s.watchDue(ctx) })
	ended := make(chan error, 1)
	wg.Go(func() {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		err := srv.Shutdown(end)
		ended <- errors.Join(err, srv.Close())
	})
	s.log.Info("serving", "server", place.Server)
	if ready != nil {
		ready(place)
	}
	if config != nil {
		err = srv.ServeTLS(listener, "", "")
	} else {
		err = srv.Serve(listener)
	}
	stop()
	closing := <-ended
	s.log.Info("stopped")
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	if errors.Is(closing, context.DeadlineExceeded) {
		closing = nil // calls that did not end were cut off: their clients ask again
	}
	return errors.Join(err, closing)
}

// sweep forgets what has expired, and settles what was left, at the beginning and every hour; content is looked through once a day.
func (s *Server) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	collected := map[studio.ProjectID]time.Time{}
	for begins := true; ; begins = false {
		if err := s.accounts.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("sweep", "cause", err.Error())
		}
		if ctx.Err() == nil {
			s.settleAll(ctx)
		}
		if !begins { // people who wait for the studio come first
			if err := s.collectAll(ctx, collected); err != nil && ctx.Err() == nil {
				s.log.Warn("content waits for the next look", "cause", err.Error())
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

type servingJSON struct {
	Server      string `json:"server"`
	Fingerprint string `json:"fingerprint"`
}

// rememberPlace keeps where the studio is met, for links that are made while it is not served.
func (s *Studio) rememberPlace(p Place) error {
	doc := servingJSON{Server: p.Server}
	if !p.Fingerprint.IsZero() {
		doc.Fingerprint = p.Fingerprint.Text()
	}
	b, err := json.Marshal(doc)
	if err == nil {
		err = atomicfile.Write(s.o.FS, filepath.Join(s.o.Dir, servingFile), b, servingFileFresh)
	}
	if err != nil {
		return fmt.Errorf("remember address: %w", err)
	}
	return nil
}

// packsOf opens the packs of a project.
func (s *Server) packsOf(id studio.ProjectID) (*chunkstore.Packs, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, open := s.packs[id]; open {
		return p, nil
	}
	p, err := s.openPacks(id)
	if err == nil {
		s.packs[id] = p
	}
	return p, err
}

func (s *Studio) openPacks(id studio.ProjectID) (*chunkstore.Packs, error) {
	return chunkstore.Open(s.o.FS, s.packsDir(id), packIndex{s.projects, id}, s.o.Clock.NewID)
}

// packIndex is a project's database as its packs see it.
type packIndex struct {
	store   serverdb.Store
	project studio.ProjectID
}

var _ chunkstore.Index = packIndex{}

// Locate tells where chunks are.
func (x packIndex) Locate(ctx context.Context, hashes []chunk.Hash) (rows []chunkstore.Row, err error) {
	err = x.store.Read(ctx, x.project, func(snap serverdb.Snapshot) error {
		ask := make([]studio.Hash, len(hashes))
		for i, h := range hashes {
			ask[i] = studio.Hash(h)
		}
		for _, c := range snap.Locate(ask) {
			rows = append(rows, rowOf(c))
		}
		return snap.Err()
	})
	return rows, err
}

// Blob gives a root or page.
func (x packIndex) Blob(ctx context.Context, h chunk.Hash) (b []byte, err error) {
	err = x.store.Read(ctx, x.project, func(snap serverdb.Snapshot) error {
		found, ok := snap.Manifest(studio.Hash(h))
		if !ok {
			return errors.Join(chunkstore.ErrMissing, snap.Err())
		}
		b = bytes.Clone(found)
		return nil
	})
	return b, err
}

func rowOf(c serverdb.Chunk) chunkstore.Row {
	return chunkstore.Row{Hash: chunk.Hash(c.Hash), Condemned: c.Condemned, Location: chunkstore.Location{Pack: chunkstore.PackID(c.Pack),
		Offset: c.Offset, Stored: c.Stored, Size: c.Size, Codec: chunkstore.Codec(c.Codec)}}
}

func chunkOf(r chunkstore.Row) serverdb.Chunk {
	return serverdb.Chunk{Hash: studio.Hash(r.Hash), Pack: studio.ID(r.Pack), Offset: r.Offset, Stored: r.Stored, Size: r.Size,
		Codec: uint8(r.Codec)}
}
