package wire_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

func run(from byte) (b [32]byte) {
	for i := range b {
		b[i] = from + byte(i)
	}
	return b
}

func head() wire.Signed {
	return wire.Signed{Project: studio.ProjectID{ID: studio.ID{0x01, 0x9b, 15: 0x0a}}, Generation: wire.Generation{0xaa, 7: 0xbb}, Seq: 1234,
		Chain: run(0x40), ServerMs: 1_767_225_600_000, Key: 3}
}

// The signed bytes are a contract between versions: they never change under this domain.
func TestSignedBytesAreWhatTheyWere(t *testing.T) {
	require.Equal(t, "6672616d65686f6c642068656164203100"+"019b000000000000000000000000000a"+"aa000000000000bb"+
		"00000000000004d2"+"404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"+"0000019b76daa800"+"00000003",
		hex.EncodeToString(head().Bytes()))
}

func TestAHeadIsSignedWhole(t *testing.T) {
	seed := run(0)
	private := ed25519.NewKeyFromSeed(seed[:])
	public := private.Public().(ed25519.PublicKey)
	h := head()
	h.Signature = ed25519.Sign(private, h.Bytes())
	require.True(t, h.SignedBy(public))
	for name, change := range map[string]func(*wire.Signed){
		"project":    func(s *wire.Signed) { s.Project.ID[3]++ },
		"generation": func(s *wire.Signed) { s.Generation[0]++ },
		"seq":        func(s *wire.Signed) { s.Seq++ },
		"chain":      func(s *wire.Signed) { s.Chain[31]++ },
		"time":       func(s *wire.Signed) { s.ServerMs-- },
		"key":        func(s *wire.Signed) { s.Key++ },
		"signature":  func(s *wire.Signed) { s.Signature = s.Signature[:63] },
	} {
		forged := h
		change(&forged)
		require.False(t, forged.SignedBy(public), name)
	}
	require.False(t, h.SignedBy(public[:31]))
	require.False(t, h.SignedBy(nil))
}

func TestTokensAreNotPrinted(t *testing.T) {
	token := wire.Token(run(1))
	link := wire.Link{Server: "https://studio.example", Token: token}
	log := bytes.Buffer{}
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", token, "link", link.String())
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", token)
	encoded, err := json.Marshal(map[string]any{"t": token, "l": link})
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%08b"} {
		fmt.Fprintf(&log, verb+verb, token, link)
	}
	all := log.String() + string(encoded)
	require.NotContains(t, all, token.Text())
	require.NotContains(t, all, "0102030405")
	require.NotContains(t, all, "1 2 3 4")
	require.NotContains(t, all, "0x1, 0x2")
}

func TestTokensHaveOneText(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var token wire.Token
		copy(token[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(r, "token"))
		back, err := wire.ParseToken(token.Text())
		require.NoError(r, err)
		require.True(r, token == back)
	})
	text := wire.Token{31: 1}.Text()
	for _, bad := range []string{"", text[:42], text + "A", text[:42] + "F", text[:42] + "=", "\n" + text[1:], strings.Repeat("/", 43)} {
		_, err := wire.ParseToken(bad)
		require.Error(t, err, bad)
	}
}

func TestLinks(t *testing.T) {
	token, pin := wire.Token(run(1)), wire.Fingerprint(run(100))
	tt, pt := token.Text(), pin.Text()
	for _, c := range []struct {
		text string
		want wire.Link
		back string // "": the same
	}{
		{"https://studio.example:7450/join#" + tt + "." + pt, wire.Link{Server: "https://studio.example:7450", Token: token, Fingerprint: pin}, ""},
		{"https://studio.example/join#" + tt, wire.Link{Server: "https://studio.example", Token: token}, ""},
		{"http://127.0.0.1:7450/join#" + tt, wire.Link{Server: "http://127.0.0.1:7450", Token: token}, ""},
		{"https://[fd00::1]:7450/#." + pt, wire.Link{Server: "https://[fd00::1]:7450", Fingerprint: pin}, ""},
		{" HTTPS://Studio.Example:443/\n", wire.Link{Server: "https://studio.example"}, "https://studio.example"},
		{"http://localhost:80", wire.Link{Server: "http://localhost"}, "http://localhost"},
		{"http://[::1]", wire.Link{Server: "http://[::1]"}, ""},
	} {
		got, err := wire.ParseLink(c.text)
		require.NoError(t, err, c.text)
		require.True(t, c.want == got, "%s: %s", c.text, got)
		if c.back == "" {
			c.back = c.text
		}
		require.Equal(t, c.back, got.Text())
		require.NotContains(t, got.String(), tt)
	}
}

func TestWhatIsNoLinkIsRefusedWithoutTellingTheToken(t *testing.T) {
	tt, pt := wire.Token(run(1)).Text(), wire.Fingerprint(run(100)).Text()
	for text, why := range map[string]string{
		"":                                                   "link_form",
		"studio.example":                                     "link_form",
		"ftp://studio.example":                               "link_form",
		"https:studio.example":                               "link_form",
		"https://":                                           "link_form",
		"https://:7450":                                      "link_form",
		"https://studio.example:":                            "link_form",
		"https://studio.example:0":                           "link_form",
		"https://studio.example:07450":                       "link_form",
		"https://studio.example:70000":                       "link_form",
		"https://ana:pw@studio.example":                      "link_form",
		"https://studio.example/other":                       "link_form",
		"https://studio.example/?" + tt:                      "link_form",
		"https://studio.example/join?t=" + tt:                "link_form",
		"https://studio example/":                            "link_form",
		"https://studio.exämple/":                            "link_form",
		"https://[fe80::1%25eth0]/":                          "link_form",
		"https://[0:0::1]/":                                  "link_form",
		"https://a.example/" + strings.Repeat("x", 1024):     "link_form",
		"http://studio.example/join#" + tt:                   "link_plain",
		"http://10.0.0.1":                                    "link_plain",
		"http://127.0.0.1/join#" + tt + "." + pt:             "link_form",
		"https://studio.example/join":                        "link_cut",
		"https://studio.example/join#":                       "link_cut",
		"https://studio.example/join#" + tt[:42]:             "link_cut",
		"https://studio.example/join#" + tt + ".":            "link_cut",
		"https://studio.example/join#" + tt + "." + pt[:40]:  "link_cut",
		"https://studio.example/join#." + pt:                 "link_cut",
		"https://studio.example/#" + tt:                      "link_cut",
		"https://studio.example/#":                           "link_cut",
		"https://studio.example/join#" + wire.Token{}.Text(): "link_cut",
		"https://studio.example/join#" + tt + "." + wire.Fingerprint{}.Text(): "link_cut",
	} {
		_, err := wire.ParseLink(text)
		r, coded := studio.RefusalOf(err)
		require.True(t, coded, text)
		require.Equal(t, studio.CodeInvalidLink, r.Code, text)
		require.Equal(t, why, r.Params.Why, text)
		require.NotContains(t, err.Error(), tt[:42])
	}
}

func FuzzParseLink(f *testing.F) {
	f.Add("https://studio.example:7450/join#" + wire.Token(run(1)).Text() + "." + wire.Fingerprint(run(100)).Text())
	f.Add("http://127.0.0.1:7450/join#" + wire.Token(run(1)).Text())
	f.Add("https://[::1]:7450/#." + wire.Fingerprint(run(100)).Text())
	f.Add("https://a%2fb/")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := wire.ParseLink(text)
		if err != nil {
			require.Equal(t, studio.CodeInvalidLink, studio.CodeOf(err))
			return
		}
		again, err := wire.ParseLink(l.Text())
		require.NoError(t, err)
		require.True(t, l == again)
		require.False(t, strings.HasPrefix(l.Server, "http:") && !l.Fingerprint.IsZero())
	})
}
