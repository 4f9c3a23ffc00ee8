// Package mutants_test holds seeded bugs of the protocol: each breaks one rule of sync.md in one place, and has to fail the
// tests that it names. An ordinary run checks that the list still fits the source; build/mutants runs the mutants.
package mutants_test

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	root     = "../../.."
	leastAll = 50 // of the acceptance of the server and its sync
	leastOf  = 5  // in each area
)

// areas are the files of the list, in the order of the table.
var areas = []string{"dedupe", "durability", "compare-and-swap", "cursor", "chain", "leases-and-gc", "undo", "entitlement"}

//go:embed *.txt
var lists embed.FS

// mutant is one seeded bug.
type mutant struct {
	id, area   string
	breaks     string // the rule, and what it is here
	file       string // from the root
	find, put  string // the piece of source, and what stands in its place
	expectedBy []killers
}

// killers are tests of a package that a mutant has to fail.
type killers struct {
	pkg   string
	tests []string // empty: all of the package, for who looks for a killer
}

// String is how the list has them.
func (k killers) String() string { return strings.TrimSpace(k.pkg + " " + strings.Join(k.tests, " ")) }

// all reads the list.
func all() ([]mutant, error) {
	var list []mutant
	for _, area := range areas {
		page, err := lists.ReadFile(area + ".txt")
		if err != nil {
			return nil, err
		}
		for _, entry := range strings.Split("\n"+string(page), "\n== ")[1:] {
			m, err := parse(area, entry)
			if err != nil {
				return nil, fmt.Errorf("%s.txt: %w", area, err)
			}
			list = append(list, m)
		}
	}
	return list, nil
}

// entryForm: its name, a sentence, the file, the tests line by line, the piece of source and what takes its place.
var entryForm = regexp.MustCompile(`(?s)^([a-z0-9-]+)\nbreaks: ([^\n]+)\nfile: ([^\n]+)\n((?:by: [^\n]+\n)+)--- find\n(.+\n)--- put\n(.*)$`)

func parse(area, entry string) (mutant, error) {
	m := entryForm.FindStringSubmatch(strings.TrimRight(entry, "\n") + "\n")
	if m == nil {
		name, _, _ := strings.Cut(entry, "\n")
		return mutant{}, fmt.Errorf("%q is no entry", name)
	}
	bug := mutant{id: m[1], area: area, breaks: m[2], file: m[3], find: m[5], put: m[6]}
	for line := range strings.Lines(m[4]) {
		words := strings.Fields(strings.TrimPrefix(line, "by: "))
		bug.expectedBy = append(bug.expectedBy, killers{words[0], words[1:]})
	}
	return bug, nil
}

// source is the file with the bug in it.
func (m mutant) source() (string, error) {
	page, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(page), m.find); n != 1 {
		return "", fmt.Errorf("%s: %s has its piece of source %d times", m.id, m.file, n)
	}
	return strings.Replace(string(page), m.find, m.put, 1), nil
}

func TestEveryMutantFitsTheSource(t *testing.T) {
	list, err := all()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(list), leastAll)
	known := map[string]bool{}
	for _, m := range list {
		_, err := m.source()
		require.NoError(t, err)
		require.NotEqual(t, m.find, m.put, m.id)
		require.True(t, strings.HasPrefix(m.id, m.area+"-"), m.id)
		require.False(t, known[m.id], "%s stands twice", m.id)
		known[m.id] = true
	}
	for _, area := range areas {
		n := 0
		for _, m := range list {
			if m.area == area {
				n++
			}
		}
		require.GreaterOrEqual(t, n, leastOf, area)
	}
}

func TestTheKillersOfMutantsAreThere(t *testing.T) {
	list, err := all()
	require.NoError(t, err)
	tests := map[string][]string{}
	for _, m := range list {
		for _, by := range m.expectedBy {
			if tests[by.pkg] == nil {
				tests[by.pkg] = testsOf(t, by.pkg)
			}
			require.NotEmpty(t, tests[by.pkg], "%s: %s has no tests", m.id, by.pkg)
			for _, test := range by.tests {
				require.True(t, slices.Contains(tests[by.pkg], test), "%s: %s has no %s", m.id, by.pkg, test)
			}
		}
	}
}

// testsOf lists the tests of a package.
func testsOf(t *testing.T, pkg string) (tests []string) {
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		page, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(page), -1) {
			tests = append(tests, found[1])
		}
	}
	return tests
}
