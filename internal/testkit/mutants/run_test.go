package mutants_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	timeout     = 120 * time.Second // of the tests of one package: who takes longer has failed
	baselineMax = timeout / 4       // without a mutant, so that a test which takes longer than the timeout is a kill
)

var (
	listOnly = flag.Bool("mutants.list", false, "list the mutants and run none")
	wanted   = flag.String("mutants.run", "", "run these mutants, by comma; all: every one")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *wanted == "" && !*listOnly {
		os.Exit(m.Run())
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// run runs the mutants that are asked for and prints a line for each.
func run() error {
	list, err := chosen()
	if err != nil {
		return err
	}
	if *listOnly {
		for _, m := range list {
			fmt.Printf("%s\t%s\t%s\n", m.id, m.file, m.breaks)
		}
		return nil
	}
	top, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r := runner{top: top, dir: dir}
	if err := r.baseline(list); err != nil {
		return err
	}
	fmt.Println("| id | area | rule | killed by | seconds |\n|---|---|---|---|---|")
	alive := 0
	for _, m := range list {
		killed, err := r.mutant(m)
		switch {
		case err != nil:
			alive++
			fmt.Printf("| %s | %s | %s | **error**: %v | |\n", m.id, m.area, m.breaks, err)
		case len(killed.tests) == 0:
			alive++
			fmt.Printf("| %s | %s | %s | **nobody** | %.1f |\n", m.id, m.area, m.breaks, killed.cpu.Seconds())
		default:
			fmt.Printf("| %s | %s | %s | `%s` %s | %.1f |\n", m.id, m.area, m.breaks, killed.pkg, strings.Join(killed.tests, " "),
				killed.cpu.Seconds())
		}
	}
	fmt.Printf("\n%d mutants, %d killed; seconds are CPU seconds of the tests\n", len(list), len(list)-alive)
	if alive > 0 {
		return fmt.Errorf("%d mutants live, or are none", alive)
	}
	return nil
}

func chosen() ([]mutant, error) {
	list, err := all()
	if err != nil || *wanted == "" || *wanted == "all" {
		return list, err
	}
	var some []mutant
	for _, id := range strings.Split(*wanted, ",") {
		at := slices.IndexFunc(list, func(m mutant) bool { return m.id == id })
		if at < 0 {
			return nil, fmt.Errorf("there is no mutant %s", id)
		}
		some = append(some, list[at])
	}
	return some, nil
}

// runner builds and runs test binaries.
type runner struct{ top, dir string }

// killed says which tests of which package a mutant has failed; none: it lives.
type killed struct {
	killers
	cpu time.Duration
}

// baseline runs all tests that are expected to fail over the source as it is: none may fail, or take long.
func (r runner) baseline(list []mutant) error {
	tests, whole := map[string][]string{}, map[string]bool{}
	for _, m := range list {
		for _, by := range m.expectedBy {
			tests[by.pkg] = append(tests[by.pkg], by.tests...)
			whole[by.pkg] = whole[by.pkg] || len(by.tests) == 0
		}
	}
	for pkg, named := range tests {
		if whole[pkg] {
			named = nil
		}
		binary, err := r.build(pkg, "")
		if err != nil {
			return err
		}
		began := time.Now()
		result, err := r.test(binary, killers{pkg, named})
		if err != nil {
			return err
		}
		if len(result.tests) > 0 {
			return fmt.Errorf("without a mutant, %s fails: %s", pkg, strings.Join(result.tests, " "))
		}
		if took := time.Since(began); len(named) > 0 && took > baselineMax {
			return fmt.Errorf("without a mutant, the killers of %s take %s", pkg, took.Round(time.Second))
		}
	}
	return nil
}

// mutant runs the expected killers until some fail.
func (r runner) mutant(m mutant) (killed, error) {
	overlay, err := r.overlay(m)
	if err != nil {
		return killed{}, err
	}
	var cpu time.Duration
	for _, by := range m.expectedBy {
		binary, err := r.build(by.pkg, overlay)
		if err != nil {
			return killed{}, err
		}
		result, err := r.test(binary, by)
		if cpu += result.cpu; err != nil || len(result.tests) > 0 {
			result.cpu = cpu
			return result, err
		}
	}
	return killed{cpu: cpu}, nil
}

// overlay writes the file with the bug, and what tells the compiler to take it in place of the one in the tree.
func (r runner) overlay(m mutant) (path string, err error) {
	source, err := m.source()
	if err != nil {
		return "", err
	}
	mutated := filepath.Join(r.dir, "mutated"+filepath.Ext(m.file))
	path = filepath.Join(r.dir, "overlay.json")
	page, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(r.top, m.file): mutated}})
	return path, errors.Join(err, os.WriteFile(mutated, []byte(source), 0o600), os.WriteFile(path, page, 0o600))
}

// build makes the test binary of a package. What does not build is no mutant.
func (r runner) build(pkg, overlay string) (binary string, err error) {
	binary = filepath.Join(r.dir, "killers.test")
	cmd := exec.Command("go", "test", "-c", "-vet=off", "-overlay="+overlay, "-o", binary, "./"+pkg)
	cmd.Dir = r.top
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s does not build: %s", pkg, bytes.ReplaceAll(bytes.TrimSpace(said), []byte("\n"), []byte("; ")))
	}
	return binary, nil
}

var (
	failedForm  = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)
	runningForm = regexp.MustCompile(`(?m)^running tests:\n\t+(\w+)`)
	begunForm   = regexp.MustCompile(`(?m)^=== RUN +(\w+)$`)
)

// test runs tests of a package and tells which have failed. Those that hang, or end the process, have.
func (r runner) test(binary string, by killers) (killed, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*timeout)
	defer cancel()
	args := []string{"-test.v", "-test.count=1", "-test.timeout=" + timeout.String()}
	if len(by.tests) > 0 {
		args = append(args, "-test.run=^("+strings.Join(by.tests, "|")+")$")
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = filepath.Join(r.top, by.pkg)
	said, err := cmd.CombinedOutput()
	result := killed{killers: killers{pkg: by.pkg}}
	if cmd.ProcessState == nil {
		return result, err
	}
	result.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if err == nil {
		return result, ran(by, said)
	}
	for _, form := range []*regexp.Regexp{failedForm, runningForm, begunForm} {
		for _, m := range form.FindAllSubmatch(said, -1) {
			result.tests = append(result.tests, string(m[1]))
		}
		if n := len(result.tests); n > 0 {
			if form == begunForm {
				result.tests = result.tests[n-1:]
			}
			return result, nil
		}
	}
	return result, fmt.Errorf("%s: %w: %s", by.pkg, err, said)
}

// ran checks that every test which was named has run: one that was not found would kill nothing.
func ran(by killers, said []byte) error {
	for _, test := range by.tests {
		if !regexp.MustCompile(`(?m)^--- PASS: ` + test + ` `).Match(said) {
			return fmt.Errorf("%s: %s did not run", by.pkg, test)
		}
	}
	return nil
}
