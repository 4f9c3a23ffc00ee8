package projectdb_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// Who watches hears of a change when it is there: one that could not be committed is none, and one that looks finds it.
func TestWhoWatchesHearsOfWhatIsCommitted(t *testing.T) {
	o := options(t)
	var fails atomic.Bool
	o.CommitFault = func() error {
		if fails.Load() {
			return errors.New("the disk went away")
		}
		return nil
	}
	d, err := projectdb.Create(t.Context(), o)
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	folder := studio.ID{1}
	put := func(n int) error {
		_, err := d.Write(t.Context(), projectdb.Act{Lane: projectdb.LaneEdit, Kind: projectdb.ActCare}, func(tx *projectdb.Tx) error {
			return errors.Join(tx.SetFolder(folder, "/films", 1),
				tx.SetLocalFile(projectdb.LocalFile{Folder: folder, Asset: studio.AssetID{ID: studio.ID{byte(n >> 8), byte(n)}}, Path: fmt.Sprint(n)}))
		})
		return err
	}
	ctx, stop := context.WithCancel(t.Context())
	heard := make(chan int, 100) // files that were there when a change was told of
	ended := make(chan error, 1)
	go func() {
		ended <- d.Watch(ctx, time.Hour, func(projectdb.ChangeSet) {
			err := d.Read(context.WithoutCancel(ctx), func(snap *projectdb.Snapshot) error {
				files, err := snap.LocalFiles(folder)
				heard <- len(files)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}()
	n := 0
	for len(heard) == 0 { // until it watches
		n++
		require.NoError(t, put(n))
	}
	require.Equal(t, n, <-heard)
	fails.Store(true)
	require.Error(t, put(n+1))
	require.Empty(t, heard)
	fails.Store(false)
	require.NoError(t, put(n+2))
	require.Equal(t, n+1, <-heard)
	require.Empty(t, heard)
	stop()
	require.NoError(t, <-ended)
}
