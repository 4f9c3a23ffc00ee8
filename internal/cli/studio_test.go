package cli_test

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/wire"
)

func (d *desk) typed(in string) *desk {
	other := *d
	other.in = in
	return &other
}

func doc(t *testing.T, r result) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.out), &v), r.out)
	return v
}

func TestStudioCommands(t *testing.T) {
	d := newDesk(t)
	good := d.typed("correct horse battery\r\n")
	require.Equal(t, 2, d.run("studio", "init", "--admin", "ana").code, "where?")
	require.Equal(t, 2, d.run("studio", "init", "--data", "data").code, "who?")
	d.typed("short\n").refused(1, "password_short", "studio", "init", "--data", "data", "--admin", "ana", "--password-stdin")
	d.write("full/letter.txt", "dear ben")
	good.refused(3, "folder_not_empty", "studio", "init", "--data", "full", "--admin", "ana", "--password-stdin")
	d.refused(5, "studio_missing", "studio", "user", "list", "--data", "data")
	require.NoDirExists(t, filepath.Join(d.dir, "data"), "a studio is never made by looking for one")

	made := good.ok("studio", "init", "--data", "data", "--admin", "ana", "--name", "Ana", "--password-stdin", "--json")
	require.Equal(t, "ana", doc(t, made)["admin"])
	require.NotContains(t, made.out+made.err, "correct horse")
	good.refused(3, "studio_exists", "studio", "init", "--data", "data", "--admin", "zoe", "--password-stdin")

	d.ok("studio", "user", "add", "ben", "--data", "data", "--name", "Ben")
	d.refused(3, "account_exists", "studio", "user", "add", "ben", "--data", "data")
	good.ok("studio", "user", "add", "cy", "--data", "data", "--password-stdin")
	d.ok("studio", "user", "disable", "cy", "--stolen", "--data", "data")
	d.refused(3, "last_studio_admin", "studio", "user", "disable", "ana", "--data", "data")
	d.refused(5, "unknown_user", "studio", "user", "disable", "zoe", "--data", "data")
	users := doc(t, d.ok("studio", "user", "list", "--data", "data", "--json"))["users"].([]any)
	require.Len(t, users, 3)
	require.Equal(t, true, users[0].(map[string]any)["admin"])
	require.Equal(t, true, users[1].(map[string]any)["waiting"])
	require.Equal(t, true, users[2].(map[string]any)["disabled"])

	d.refused(5, "no_address", "studio", "invite", "ben", "--data", "data")
	d.refused(2, "invalid_link", "studio", "invite", "ben", "--data", "data", "--url", "http://studio.example")
	link, err := wire.ParseLink(strings.TrimSpace(d.ok("studio", "invite", "ben", "--data", "data", "--url", "https://studio.example").out))
	require.NoError(t, err)
	require.False(t, link.Token.IsZero())
	d.refused(3, "account_exists", "studio", "invite", "ana", "--data", "data", "--url", "https://studio.example")

	back := doc(t, d.ok("studio", "backup", "b.zip", "--data", "data", "--json"))
	require.Equal(t, float64(0), back["projects"])
	d.refused(1, "in_the_way", "studio", "backup", "b.zip", "--data", "data")
	d.refused(3, "folder_not_empty", "studio", "restore", "b.zip", "--data", "data")
	d.ok("studio", "restore", "b.zip", "--data", "again")
	require.Equal(t, true, doc(t, d.ok("studio", "check", "--data", "again", "--json"))["ok"])
	require.Contains(t, d.ok("studio", "user", "list", "--data", "again").out, "ben")

	require.NoError(t, os.WriteFile(filepath.Join(d.dir, "torn.zip"), []byte("PK"), 0o600))
	d.refused(7, "damaged", "studio", "restore", "torn.zip", "--data", "third")
	require.NoError(t, os.Truncate(filepath.Join(d.dir, "again", "studio.db"), 0))
	d.refused(7, "damaged", "studio", "check", "--data", "again")
}

func TestStudioServeSaysWhyItCannot(t *testing.T) {
	d := newDesk(t)
	d.refused(5, "studio_missing", "studio", "serve", "--data", "data", "--listen", "127.0.0.1:0")
	d.typed("correct horse battery\n").ok("studio", "init", "--data", "data", "--admin", "ana", "--password-stdin")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, ln.Close()) }()
	d.refused(1, "port_taken", "studio", "serve", "--data", "data", "--listen", ln.Addr().String())
	require.Equal(t, 2, d.run("studio", "serve", "--data", "data", "--tls-cert", "c.pem").code)
	d.write("c.pem", "no certificate")
	d.write("k.pem", "no key")
	d.refused(7, "damaged", "studio", "serve", "--data", "data", "--listen", "127.0.0.1:0", "--tls-cert", "c.pem", "--tls-key", "k.pem")
}
