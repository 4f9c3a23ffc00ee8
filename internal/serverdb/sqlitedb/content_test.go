package sqlitedb_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/serverdb"
	"framehold/internal/serverdb/sqlitedb"
	"framehold/internal/studio"
)

func TestContentIsListedPageByPage(t *testing.T) {
	store := open(t, sqlitedb.Options{})
	played(t, store, 1)
	var want []serverdb.Chunk
	manifests := []serverdb.Manifest{{Hash: studio.Hash{1}, Bytes: []byte("page")}, {Hash: studio.Hash{2}, Bytes: []byte("root"), Root: true}}
	for i := range 5 {
		want = append(want, serverdb.Chunk{Hash: studio.Hash{byte(i + 1)}, Pack: studio.ID{7}, Offset: int64(i), Stored: 3, Size: 4, Codec: 1})
	}
	want[4].Pack = studio.ID{8}
	require.NoError(t, store.Tx(t.Context(), film, func(tx serverdb.Tx) error {
		if err := tx.AddManifests(manifests); err != nil {
			return err
		}
		return errors.Join(tx.AddChunks(want), tx.SetPack(serverdb.Pack{ID: studio.ID{8}, CondemnedMs: 1}))
	}))
	want[4].Condemned = true
	var chunks []serverdb.Chunk
	for after := (studio.Hash{}); ; {
		page, err := store.ChunksAfter(t.Context(), film, after, 2)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		chunks, after = append(chunks, page...), page[len(page)-1].Hash
	}
	require.Equal(t, want, chunks)
	page, err := store.ManifestsAfter(t.Context(), film, studio.Hash{}, 1)
	require.NoError(t, err)
	require.Equal(t, manifests[:1], page)
	page, err = store.ManifestsAfter(t.Context(), film, page[0].Hash, 10)
	require.NoError(t, err)
	require.Equal(t, manifests[1:], page)
}
