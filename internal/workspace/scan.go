package workspace

import (
	"context"
	_ "embed"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/gitignore"

	"framehold/internal/fsys"
	"framehold/internal/studio"
)

const (
	scanDepthMax   = 500     // folders in folders; a path has at most 4,096 bytes
	ignoreMaxBytes = 1 << 20 // of one file of rules
)

//go:embed default.ignore
var defaultRules string

// Scanned is what stands in a working folder.
type Scanned struct {
	Files      []Entry // in order of path
	Folders    []string
	Ignored    int      // files and folders left out by rules
	Links      []string // links and devices: never followed
	Unreadable []string // folders that could not be listed
	Nested     []string // folders that are projects of their own
	Parts      []string // what restores write to: theirs, or left behind
}

// Entry is one file.
type Entry struct {
	Path     string // relative, slashes, raw bytes
	Info     fsys.Info
	Unusable string // why the name cannot stand in a project: a key of the catalogue; "" when it can
}

// Scan lists the files at and below a path of the folder. What vanishes while it looks is left out.
func (f *Folder) Scan(ctx context.Context, below string) (Scanned, error) {
	s := scanner{folder: f, ctx: ctx}
	rules, err := f.rulesAbove(below)
	if err != nil {
		return s.found, err
	}
	if below != "" {
		info, err := f.Lstat(below)
		if err != nil {
			return s.found, err
		}
		if !info.IsDir() {
			s.file(below, info)
			return s.found, nil
		}
	}
	return s.found, s.dir(below, rules, 0)
}

// Ignored tells whether the rules leave a path out.
func (f *Folder) Ignored(rel string, dir bool) (bool, error) {
	rules, err := f.rulesAbove(rel)
	if err != nil {
		return false, err
	}
	parts := strings.Split(rel, "/")
	for i := range parts[:len(parts)-1] {
		if gitignore.NewMatcher(rules).Match(parts[:i+1], true) {
			return true, nil
		}
	}
	return gitignore.NewMatcher(rules).Match(parts, dir), nil
}

type scanner struct {
	folder *Folder
	ctx    context.Context //nolint:containedctx // lives as long as one Scan
	found  Scanned
}

func (s *scanner) dir(rel string, rules []gitignore.Pattern, depth int) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	entries, err := s.folder.fs.ReadDir(s.folder.Path(rel))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || depth > scanDepthMax {
		s.found.Unreadable = append(s.found.Unreadable, rel)
		return nil
	}
	matcher := gitignore.NewMatcher(rules)
	for _, e := range entries {
		at := path.Join(rel, e.Name())
		if strings.HasPrefix(e.Name(), ownPrefix) && strings.HasSuffix(e.Name(), partSuffix) {
			s.found.Parts = append(s.found.Parts, at)
		}
		if e.Name() == MarkerName || strings.HasPrefix(e.Name(), ownPrefix) {
			continue
		}
		if matcher.Match(strings.Split(at, "/"), e.IsDir()) {
			s.found.Ignored++
			continue
		}
		if err := s.entry(at, e, rules, depth); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) entry(at string, e fs.DirEntry, rules []gitignore.Pattern, depth int) error {
	switch {
	case e.IsDir():
		if _, err := s.folder.fs.Lstat(s.folder.Path(at + "/" + MarkerName)); err == nil {
			s.found.Nested = append(s.found.Nested, at)
			return nil
		}
		s.found.Folders = append(s.found.Folders, at)
		own, err := s.folder.rulesIn(at)
		if err != nil {
			return err
		}
		return s.dir(at, append(rules[:len(rules):len(rules)], own...), depth+1)
	case !e.Type().IsRegular():
		s.found.Links = append(s.found.Links, at)
	default:
		info, err := s.folder.fs.Lstat(s.folder.Path(at))
		if err == nil && info.IsRegular() {
			s.file(at, info)
		}
	}
	return nil
}

func (s *scanner) file(at string, info fsys.Info) {
	entry := Entry{Path: at, Info: info}
	for part := range strings.SplitSeq(at, "/") {
		if entry.Unusable = studio.NameProblem(part); entry.Unusable != "" {
			break
		}
	}
	s.found.Files = append(s.found.Files, entry)
}

// rulesAbove gathers the rules that hold for a path: the defaults, then those of the folders on the way.
func (f *Folder) rulesAbove(rel string) ([]gitignore.Pattern, error) {
	rules := parseRules(defaultRules, nil)
	own, err := f.rulesIn("")
	if err != nil {
		return nil, err
	}
	rules = append(rules, own...)
	parts := strings.Split(rel, "/")
	for i := range parts {
		if rel == "" {
			break
		}
		own, err := f.rulesIn(strings.Join(parts[:i+1], "/"))
		if err != nil {
			return nil, err
		}
		rules = append(rules, own...)
	}
	return rules, nil
}

// rulesIn reads the rules of one folder; none when it has no file of them.
func (f *Folder) rulesIn(rel string) ([]gitignore.Pattern, error) {
	file, err := f.fs.OpenNoFollow(filepath.Join(f.Path(rel), IgnoreName))
	if err != nil {
		return nil, nil // no rules, or none that can be read: nothing is left out by them
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil || !info.IsRegular() || info.Size > ignoreMaxBytes {
		return nil, err
	}
	b := make([]byte, info.Size)
	n, err := file.ReadAt(b, 0)
	if n < len(b) {
		return nil, err
	}
	var domain []string
	if rel != "" {
		domain = strings.Split(rel, "/")
	}
	return parseRules(string(b), domain), nil
}

func parseRules(text string, domain []string) []gitignore.Pattern {
	var rules []gitignore.Pattern
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		rules = append(rules, gitignore.ParsePattern(line, domain))
	}
	return rules
}
