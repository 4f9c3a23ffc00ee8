package soak_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// plan is one fault: at the Nth call of a kind, maybe of those on one file alone.
type plan struct {
	call  string
	file  string // below the root of whoever is broken; "": any
	fault string // of strace: signal=KILL, error=EIO, error=ENOSPC
	when  string // N, or N+: from there on
}

// aim is a kind of call, on which file, and up to which N it is worth aiming: numbers of strace, which counts by thread.
type aim struct {
	call, file string
	upto       int
}

// What a studio and a client do to their disks. ID stands for a folder of that name.
var (
	serverAims = []aim{{"pwrite64", "", 90}, {"pwrite64", "projects/ID/project.db", 20}, {"pwrite64", "projects/ID/project.db-wal", 90},
		{"pwrite64", "projects/ID/project.db-shm", 8}, {"pwrite64", "studio.db-shm", 8}, {"fsync", "", 14}, {"fsync", "projects/ID/project.db-wal", 14},
		{"fsync", "projects/ID/project.db", 1}, {"fsync", "projects/ID/packs", 2}, {"fsync", "projects/ID", 1}, {"fsync", ".", 1},
		{"fdatasync", "", 4}, {"ftruncate", "", 3}, {"unlink", "", 4}, {"renameat", "", 1}, {"pread64", "", 60},
		{"pread64", "projects/ID/project.db", 30}, {"pread64", "projects/ID/project.db-wal", 20}, {"pread64", "studio.db", 8},
		{"open", "projects/ID/project.db", 1}, {"open", "projects/ID/project.db-wal", 1}, {"open", "projects/ID/project.db-shm", 1},
		{"open", "studio.db", 1}, {"open", "studio.db-wal", 1}, {"openat", "projects/ID/packs", 1}, {"openat", "studio.key", 1},
		{"openat", "serve.lock", 1}, {"flock", "", 3}}
	clientAims = []aim{{"pwrite64", "", 60}, {"pwrite64", "stores/ID/project.db", 20}, {"pwrite64", "stores/ID/project.db-wal", 60},
		{"pwrite64", "stores/ID/project.db-shm", 8}, {"fsync", "", 10}, {"fsync", "stores/ID/project.db-wal", 9}, {"fsync", "stores/ID/project.db", 1},
		{"fsync", "stores/ID", 1}, {"fsync", ".", 1}, {"fdatasync", "", 2}, {"ftruncate", "", 2}, {"unlink", "", 2},
		{"renameat", "", 1}, {"pread64", "", 60}, {"pread64", "stores/ID/project.db", 40}, {"pread64", "stores/ID/project.db-wal", 20},
		{"open", "stores/ID/project.db", 1}, {"open", "stores/ID/project.db-wal", 1}, {"open", "stores/ID/project.db-shm", 1},
		{"openat", "profile.json", 1}, {"openat", "credentials.json", 1}, {"openat", "projects.json", 1},
		{"flock", "", 3}}
)

// planned chooses a fault.
func planned(rng *rand.Rand, aims []aim) plan {
	a := aims[rng.IntN(len(aims))]
	if rng.IntN(3) == 0 { // most of what is written goes through these
		a = aims[rng.IntN(3)]
	}
	u := rng.Float64() // a thread of its own makes the first call more often than the last
	p := plan{call: a.call, file: a.file, when: fmt.Sprint(1 + int(u*u*u*float64(a.upto)))}
	switch n := rng.IntN(10); {
	case n < 4:
		p.fault = "signal=KILL"
	case n < 7 || a.call == "pread64" || a.call == "flock":
		p.fault = "error=EIO"
	default:
		p.fault = "error=ENOSPC"
		if rng.IntN(4) == 0 {
			p.when += "+"
		}
	}
	return p
}

// wrap is strace with the fault, below a root; what it saw is written to trace.
func (p plan) wrap(root, trace string) ([]string, error) {
	args := []string{"strace", "-f", "-q", "-y", "-s", "0", "-o", trace}
	if !p.kills() {
		args = append(args, "--seccomp-bpf") // far faster; it injects errors, and no signal
	}
	if p.file != "" {
		found, err := filepath.Glob(filepath.Join(root, strings.ReplaceAll(p.file, "ID", "????????????????????????????????")))
		if strings.HasSuffix(p.file, "-wal") || strings.HasSuffix(p.file, "-shm") { // these come and go
			found, err = filepath.Glob(filepath.Join(root, strings.ReplaceAll(p.file[:len(p.file)-4], "ID", "????????????????????????????????")))
			if len(found) == 1 {
				found[0] += p.file[len(p.file)-4:]
			}
		}
		if err != nil || len(found) != 1 {
			return nil, fmt.Errorf("%s below %s: %d files %w", p.file, root, len(found), err)
		}
		args = append(args, "-P", found[0])
	}
	return append(args, "-e", "trace="+p.call, "-e", fmt.Sprintf("inject=%s:%s:when=%s", p.call, p.fault, p.when)), nil
}

var (
	tracedCall = regexp.MustCompile(`^\d+ +(\w+)\((?:AT_FDCWD(?:<[^>]*>)?, )?(?:\d+<([^>]*)>|"([^"]*)")?`)
	aName      = regexp.MustCompile(`[0-9a-f]{32}`)
	aPart      = regexp.MustCompile(`\.framehold-[0-9A-Z]+\.part`)
)

func (p plan) kills() bool { return strings.HasPrefix(p.fault, "signal") }

// hit says which call the fault met, as (call, file, number among those); "": none. ended tells whether the program ended by
// itself: a kill that came from elsewhere is no hit.
func (p plan) hit(trace string, ended bool) (string, error) {
	f, err := os.Open(trace)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	numbers, last, killed := map[string]int{}, "", false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		killed = killed || strings.Contains(line, "killed by SIGKILL")
		call := tracedCall.FindStringSubmatch(line)
		if call == nil {
			continue
		}
		name := strings.TrimSuffix(call[2]+call[3], " (deleted)")
		name = aPart.ReplaceAllString(aName.ReplaceAllString(filepath.Base(name), "ID"), "new file")
		what := call[1] + " " + name
		numbers[what]++
		last = fmt.Sprintf("%s %d", what, numbers[what])
		if strings.Contains(line, "(INJECTED)") {
			return last, nil
		}
	}
	if killed && ended && p.kills() {
		return last, nil
	}
	return "", nil
}
