package auth_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"framehold/internal/auth"
	"framehold/internal/studio"
)

var cheap = auth.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}

const reference = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"

// The vector is that of the reference implementation of Argon2 (test.c, argon2id, version 19).
func TestPasswordsAreComparedAsTheReferenceDoes(t *testing.T) {
	h := auth.NewHasher(cheap)
	same, rehash, err := h.Compare(context.Background(), reference, "password")
	require.NoError(t, err)
	require.True(t, same)
	require.True(t, rehash, "it was hashed at other costs")
	same, rehash, err = h.Compare(context.Background(), reference, "Password")
	require.NoError(t, err)
	require.False(t, same)
	require.False(t, rehash)
}

func TestTheStandardIsThatOfTheChecklist(t *testing.T) {
	require.Equal(t, auth.Params{MemoryKiB: 64 * 1024, Passes: 3, Lanes: 1}, auth.Standard())
	phc, err := auth.NewHasher(auth.Standard()).Hash(context.Background(), "correct horse")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(phc, "$argon2id$v=19$m=65536,t=3,p=1$"), phc)
}

func TestHashThenCompare(t *testing.T) {
	h, ctx := auth.NewHasher(cheap), context.Background()
	rapid.Check(t, func(r *rapid.T) {
		password := rapid.StringN(8, 40, 200).Draw(r, "password")
		phc, err := h.Hash(ctx, password)
		require.NoError(r, err)
		require.NotContains(r, phc, password)
		p, err := auth.ParsePHC(phc)
		require.NoError(r, err)
		require.Equal(r, phc, p.Text())
		same, rehash, err := h.Compare(ctx, phc, password)
		require.NoError(r, err)
		require.True(r, same)
		require.False(r, rehash)
		other := rapid.StringN(8, 40, 200).Draw(r, "other")
		same, _, err = h.Compare(ctx, phc, other)
		require.NoError(r, err)
		require.Equal(r, norm.NFC.String(password) == norm.NFC.String(other), same)
	})
}

func TestOnePasswordHasManyHashes(t *testing.T) {
	h := auth.NewHasher(cheap)
	a, err := h.Hash(context.Background(), "one password")
	require.NoError(t, err)
	b, err := h.Hash(context.Background(), "one password")
	require.NoError(t, err)
	require.NotEqual(t, a, b)
}

func TestAPasswordIsTheSameFromAnyKeyboard(t *testing.T) {
	h := auth.NewHasher(cheap)
	phc, err := h.Hash(context.Background(), "Schlüsselbund")
	require.NoError(t, err)
	same, _, err := h.Compare(context.Background(), phc, "Schlu\u0308sselbund")
	require.NoError(t, err)
	require.True(t, same)
}

func TestNobodyHasNoPassword(t *testing.T) {
	h := auth.NewHasher(cheap)
	for _, password := range []string{"", "password", strings.Repeat("x", 5000)} {
		same, rehash, err := h.Compare(context.Background(), "", password)
		require.NoError(t, err)
		require.False(t, same)
		require.False(t, rehash)
	}
}

func TestAnOverlongPasswordIsNotThatOfAnyone(t *testing.T) {
	same, _, err := auth.NewHasher(cheap).Compare(context.Background(), reference, strings.Repeat("password", 500))
	require.NoError(t, err)
	require.False(t, same)
}

func TestPasswordsThatAreRefused(t *testing.T) {
	h := auth.NewHasher(cheap)
	for password, code := range map[string]studio.Code{
		"":                        studio.CodePasswordShort,
		"seven77":                 studio.CodePasswordShort,
		"äöüäöüä":                 studio.CodePasswordShort,
		strings.Repeat("x", 1025): studio.CodeTooLong,
		"not\xffutf8 at all":      studio.CodeInvalidName,
	} {
		_, err := h.Hash(context.Background(), password)
		require.Equal(t, code, studio.CodeOf(err), "%q", password)
		if password != "" {
			require.NotContains(t, err.Error(), password)
		}
	}
	require.NoError(t, auth.CheckPassword("äöüäöüäö"))
}

func TestADamagedHashIsToldAndNotShown(t *testing.T) {
	_, _, err := auth.NewHasher(cheap).Compare(context.Background(), reference+"!", "password")
	require.Equal(t, studio.CodeDamaged, studio.CodeOf(err))
	require.NotContains(t, err.Error(), "nf65EOgL")
}

func TestAHasherThatIsCancelledLetsTheNextOneIn(t *testing.T) {
	h := auth.NewHasher(cheap)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	for range 20 {
		wg.Go(func() { _, _, _ = h.Compare(ctx, reference, "password") }) // whether it ran or not
	}
	wg.Wait()
	same, _, err := h.Compare(context.Background(), reference, "password")
	require.NoError(t, err)
	require.True(t, same)
}

func TestMoreThanCanWaitAreToldToComeAgain(t *testing.T) {
	h := auth.NewHasher(auth.Params{MemoryKiB: 4096, Passes: 2, Lanes: 1})
	codes := make([]studio.Code, 200)
	start := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	for i := range codes {
		wg.Go(func() {
			<-start
			_, err := h.Hash(context.Background(), "one password")
			codes[i] = studio.CodeOf(err)
		})
	}
	close(start)
	wg.Wait()
	counted := map[studio.Code]int{}
	for _, c := range codes {
		counted[c]++
	}
	require.GreaterOrEqual(t, counted[""], 32)
	require.Equal(t, len(codes), counted[""]+counted[studio.CodeTooManyAttempts], "%v", counted)
}

func TestWhatIsNoPHCString(t *testing.T) {
	for _, bad := range []string{
		"", "password", reference[1:], reference + "$", "$" + reference,
		strings.Replace(reference, "argon2id", "argon2i", 1),
		strings.Replace(reference, "v=19", "v=16", 1),
		strings.Replace(reference, "m=256", "m=0256", 1),
		strings.Replace(reference, "m=256", "m=+256", 1),
		strings.Replace(reference, "m=256", "m=7", 1),
		strings.Replace(reference, "m=256", "m=1048577", 1),
		strings.Replace(reference, "m=256", "m=4294967552", 1),
		strings.Replace(reference, "t=2", "t=0", 1),
		strings.Replace(reference, "t=2", "t=17", 1),
		strings.Replace(reference, "p=1", "p=0", 1),
		strings.Replace(reference, "p=1", "p=17", 1),
		strings.Replace(reference, "p=1", "p=1,x=1", 1),
		strings.Replace(reference, "c29tZXNhbHQ", "c29t", 1),
		strings.Replace(reference, "c29tZXNhbHQ", "c29tZXNhbHR", 1),
		strings.Replace(reference, "c29tZXNhbHQ", "c29tZXNhbHQ=", 1),
		reference[:len(reference)-24], reference + strings.Repeat("AAAA", 20),
	} {
		_, err := auth.ParsePHC(bad)
		require.Error(t, err, bad)
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add(reference)
	f.Add("$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := auth.ParsePHC(text)
		if err != nil {
			return
		}
		require.Equal(t, text, p.Text())
		require.LessOrEqual(t, p.Params.MemoryKiB, uint32(1<<20))
		require.GreaterOrEqual(t, p.Params.MemoryKiB, 8*uint32(p.Params.Lanes))
	})
}
