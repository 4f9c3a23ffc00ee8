package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"framehold/internal/fsys"
	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/text"
)

// madeJSON is what became of one file. notMoved says why the move of the step was not made: the checkpoint is parked.
type madeJSON struct {
	Path       string     `json:"path"`
	ID         string     `json:"id"`
	Version    *int       `json:"version"`
	Label      string     `json:"label"`
	State      string     `json:"state"`
	Status     string     `json:"status"`
	NewBytes   int64      `json:"newBytes"`
	TotalBytes int64      `json:"totalBytes"`
	Parked     *string    `json:"parked,omitempty"` // id of the chain, for framehold parked
	NotMoved   *errorJSON `json:"notMoved,omitempty"`
	Error      *errorJSON `json:"error"`
}

// saving are the flags of checkpoint.
type savingFlags struct {
	message, file, status, image string
	notes                        []string
	anyway, all                  bool
}

const commentReadMax = 64 << 10 // twice the limit: what is longer is refused by its rule

func (c *command) checkpoint() *cobra.Command {
	var f savingFlags
	cmd := &cobra.Command{Use: "checkpoint PATH...", Short: "Saves files as new versions, with a comment and a status", Args: atLeast(1)}
	cmd.Flags().StringVarP(&f.message, "message", "m", "", "comment: `text`, or - to read it from standard input")
	cmd.Flags().StringVarP(&f.file, "file", "F", "", "`file` with the comment")
	cmd.Flags().StringVar(&f.status, "status", "", "`status` to send it to in the same step")
	cmd.Flags().StringVar(&f.image, "image", "", "picture `file` that goes with it")
	cmd.Flags().StringArrayVar(&f.notes, "note", nil, "for a retake: `text` of what is to be done")
	cmd.Flags().BoolVar(&f.anyway, "anyway", false, "save and park it though there is a newer version")
	cmd.Flags().BoolVar(&f.all, "all-or-none", false, "one refusal refuses all")
	cmd.RunE = c.in(func(ctx context.Context, s *session.Session, args []string) error {
		comment, err := c.comment(f)
		if err != nil {
			return err
		}
		p, err := s.Look(ctx)
		if err != nil {
			return err
		}
		r := session.CheckpointRequest{Comment: comment, Anyway: f.anyway, AllOrNone: f.all, Notes: f.notes}
		if f.status != "" {
			st, err := p.StatusNamed(f.status)
			if err != nil {
				return err
			}
			r.To = st.ID
		}
		if f.image != "" {
			image, closing, err := c.image(f.image)
			if err != nil {
				return err
			}
			defer closing()
			r.Image = image
		}
		var made, skipped []session.Made
		if r.Assets, made, skipped, err = c.saved(ctx, s, p, args); err != nil {
			return err
		}
		show, done := c.progress()
		r.Progress = show
		more, err := s.CreateCheckpoint(ctx, r)
		done()
		if err != nil {
			return err
		}
		return c.made(append(append(made, more...), skipped...), args)
	})
	return cmd
}

// saved finds the assets that are meant: files by name, and below folders those that are modified and may be saved.
func (c *command) saved(ctx context.Context, s *session.Session, p *session.Picture, names []string,
) (ids []studio.AssetID, bad, skipped []session.Made, err error) {
	looked := false
	for _, name := range names {
		id, err := c.entity(s, p, name)
		rel, relErr := c.rel(s, name)
		whole := relErr == nil && rel == "" // the whole project
		if err != nil && !whole {
			if relErr == nil && studio.CodeOf(err) == studio.CodeUnknownAsset && c.onDisk(s, rel) {
				err = studio.Refuse(studio.CodeNotTracked, studio.Params{Path: visible(rel)})
			}
			bad = append(bad, session.Made{Path: name, State: "refused", Err: err})
			continue
		}
		if p.Assets[studio.AssetID{ID: id}] != nil {
			ids = append(ids, studio.AssetID{ID: id})
			continue
		}
		if !looked {
			if _, err := s.Rescan(ctx); err != nil {
				return nil, nil, nil, err
			}
			looked = true
		}
		list, err := s.List(ctx, session.ListRequest{Flat: true, Collection: studio.CollectionID{ID: id},
			States: []session.FileState{session.StateModified, session.StateDiverged}})
		if err != nil {
			return nil, nil, nil, err
		}
		for _, row := range list.Rows {
			d, err := s.Details(ctx, row.ID)
			if err != nil {
				return nil, nil, nil, err
			}
			if d.CheckpointRefusal != nil {
				if !slices.ContainsFunc(skipped, func(m session.Made) bool { return m.Asset == row.Asset.ID }) {
					skipped = append(skipped, session.Made{Asset: row.Asset.ID, Path: row.Path, State: "skipped", Err: d.CheckpointRefusal})
				}
				continue
			}
			ids = append(ids, row.Asset.ID)
		}
	}
	return ids, bad, skipped, nil
}

func (c *command) onDisk(s *session.Session, rel string) bool {
	_, err := c.env.FS.Lstat(s.Root() + "/" + rel)
	return err == nil
}

func (c *command) comment(f savingFlags) (string, error) {
	switch {
	case f.file != "" && f.message != "":
		return "", usagef("-m and -F exclude each other")
	case f.file != "":
		file, _, err := c.plainFile(f.file)
		if err != nil {
			return "", err
		}
		defer func() { _ = file.Close() }()
		return readText(file)
	case f.message == "-":
		return readText(c.In)
	}
	return f.message, nil
}

// readText reads a comment, and no more of it than shows that it is too long.
func readText(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, commentReadMax))
	return strings.TrimRight(string(b), "\r\n"), err
}

func (c *command) image(path string) (*session.Image, func(), error) {
	f, info, err := c.plainFile(path)
	if err != nil {
		return nil, nil, err
	}
	return &session.Image{Reader: f, Size: info.Size}, func() { _ = f.Close() }, nil
}

// plainFile opens a file that a person named. Anything else is refused before it is opened: a pipe would be waited for
// without end.
func (c *command) plainFile(name string) (fsys.File, fsys.Info, error) {
	path, err := c.absolute(name)
	if err != nil {
		return nil, fsys.Info{}, err
	}
	info, err := c.env.FS.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, info, studio.Refuse(studio.CodeNoFile, studio.Params{Path: visible(name), Why: "typed"})
	case err == nil && !info.IsRegular():
		return nil, info, studio.Refuse(studio.CodeUnsupported, studio.Params{Path: visible(name), Why: "not_plain"})
	case err != nil:
		return nil, info, session.FileFailure(name, err)
	}
	f, err := c.env.FS.OpenFile(path, 0, 0)
	return f, info, session.FileFailure(name, err)
}

func (c *command) made(made []session.Made, names []string) error {
	docs := []madeJSON{}
	var errs []error
	parked := false
	for _, m := range made {
		d := madeJSON{Path: m.Path, State: m.State, Status: m.Status, NewBytes: m.NewBytes, TotalBytes: m.TotalBytes,
			Error: c.errorJSON(m.Err), NotMoved: c.errorJSON(m.NotMoved), Version: optional(int(m.Version)), ID: idText(m.ID.ID), Label: m.Label}
		if !m.Parked.IsZero() {
			d.Parked = optional(m.Parked.String())
		}
		docs = append(docs, d)
		parked = parked || m.State == "parked" || m.NotMoved != nil
		if m.State != "skipped" {
			errs = append(errs, m.Err)
		}
		if m.Hint != "" {
			c.sayErr("%s is in review without an image. --image FILE adds one.", m.Path)
		}
	}
	exit, first := worst(errs)
	doc := map[string]any{"checkpoints": docs}
	if first != nil {
		doc["error"] = c.errorJSON(first)
	}
	c.answer(doc, func(w io.Writer) {
		for i, d := range docs {
			switch d.State {
			case "accepted", "local", "contested":
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t+%s\n", d.Path, d.Label, saidState(d.State), d.Status, text.Bytes(d.NewBytes))
			case "parked":
				fmt.Fprintf(w, "%s\t%s\tparked\t\t+%s\n", d.Path, d.Label, text.Bytes(d.NewBytes))
			case "unchanged":
				fmt.Fprintf(w, "%s\tunchanged: %s\n", d.Path, sameAs(d))
			case "skipped":
				fmt.Fprintf(w, "%s\tskipped: %s\n", d.Path, c.errorJSON(made[i].Err).Message)
			}
		}
	})
	c.nextSteps(made)
	if len(docs) == 0 {
		c.sayErr("Nothing in %s is modified; nothing was saved.", strings.Join(names, ", "))
	}
	if exit == exitDone && parked {
		return toldError{exitParked}
	}
	return c.told(exit, errs)
}

// saidState is what people read of where a checkpoint stands.
func saidState(state string) string {
	switch state {
	case "local":
		return "safe here, not sent yet"
	case "contested":
		return "safe here, will be parked: the line has moved on"
	}
	return state
}

func sameAs(d madeJSON) string {
	switch {
	case d.Parked != nil:
		return "it is parked already as " + d.Label
	case d.Label != "":
		return "it is the same as " + d.Label
	}
	return "nothing was made"
}

// nextSteps says what is left to do about parked files.
func (c *command) nextSteps(made []session.Made) {
	for _, m := range made {
		if m.Parked.IsZero() {
			continue
		}
		if m.NotMoved != nil {
			c.sayErr("%s", c.errorJSON(m.NotMoved).Message)
		}
		if m.State == "parked" {
			c.sayErr("%s is safe beside the line. Put it on the line: framehold parked adopt %s. Or: framehold parked copy, keep, trash.",
				m.Path, m.Parked)
		}
	}
}
