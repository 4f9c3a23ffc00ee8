package server_test

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/auth"
	"framehold/internal/server"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// served runs a studio at an address until the test ends.
func (s *stage) served(address string) server.Place {
	s.t.Helper()
	s.stop()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan server.Place, 1), make(chan error, 1)
	go func() {
		ended <- server.Serve(ctx, s.o, address, "", "", func(p server.Place) { ready <- p })
	}()
	s.t.Cleanup(func() {
		cancel()
		require.NoError(s.t, <-ended)
	})
	select {
	case p := <-ready:
		return p
	case err := <-ended:
		ended <- nil
		require.NoError(s.t, err)
	}
	return server.Place{}
}

// Off loopback the server speaks TLS with a certificate of its own, which its link pins: no other is trusted.
func TestOffLoopbackThereIsTLS(t *testing.T) {
	s := newStage(t)
	place := s.served("0.0.0.0:0")
	link, err := wire.ParseLink(place.Link())
	require.NoError(t, err)
	require.False(t, link.Fingerprint.IsZero())
	_, port, err := net.SplitHostPort(link.Server[len("https://"):])
	require.NoError(t, err)
	ask := func(pinned wire.Fingerprint, url string) error {
		c, err := wire.NewHTTPClient(url, wire.ClientTLS(pinned))
		require.NoError(t, err)
		defer c.CloseIdleConnections()
		reply, err := c.Get(url + "/healthz")
		if err == nil {
			require.Equal(t, 2, reply.ProtoMajor)
			require.NoError(t, reply.Body.Close())
		}
		return err
	}
	url := "https://127.0.0.1:" + port
	require.NoError(t, ask(link.Fingerprint, url))
	require.Equal(t, studio.CodeWrongCertificate, studio.CodeOf(ask(wire.Fingerprint{1}, url)))
	require.Error(t, ask(wire.Fingerprint{}, url), "no system knows it")
	require.Error(t, ask(wire.Fingerprint{}, "http://127.0.0.1:"+port), "and it speaks nothing else")

	s.data(func(d *server.Studio) {
		invitation, err := d.Invite(t.Context(), server.Invitation{Username: "ben"})
		require.NoError(t, err)
		parsed, err := wire.ParseLink(invitation)
		require.NoError(t, err)
		require.Equal(t, link.Server, parsed.Server)
		require.Equal(t, link.Fingerprint, parsed.Fingerprint)
	})
}

func TestWhatCannotBeServed(t *testing.T) {
	s := newStage(t)
	_, err := server.Listen(t.Context(), s.url[len("http://"):])
	require.Equal(t, studio.CodePortTaken, studio.CodeOf(err))
	ln, err := server.Listen(t.Context(), "0.0.0.0:0")
	require.NoError(t, err)
	require.Error(t, s.srv.Run(t.Context(), ln, nil, nil), "plain HTTP is for this computer only")
	again := func() studio.Code {
		return studio.CodeOf(server.Init(t.Context(), s.o, server.Admin{Username: "zoe", Password: password}))
	}
	require.Equal(t, studio.CodeStoreInUse, again())
	o := s.o
	o.Dir = t.TempDir()
	_, err = server.Open(t.Context(), o)
	require.Equal(t, studio.CodeStudioMissing, studio.CodeOf(err))
	_, err = s.srv.TLS(auth.CertificateFiles{Cert: "nowhere.pem", Key: "nowhere.key"}, ln.Addr())
	require.Error(t, err)
	s.stop()
	require.Equal(t, studio.CodeStudioExists, again())
	for name, admin := range map[string]server.Admin{"password_short": {Username: "ana", Password: "short"},
		"invalid_name": {Username: "9 lives", Password: password}} {
		require.Equal(t, studio.Code(name), studio.CodeOf(server.Init(t.Context(), o, admin)))
	}
}
