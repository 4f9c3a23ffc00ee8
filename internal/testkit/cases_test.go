package testkit_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryRowOfTheSyncTablesHasItsTest(t *testing.T) {
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "internal", "docs", "sync.md"))
	require.NoError(t, err)
	rows := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([A-Z]c?\d+[a-z]?) \|`).FindAllStringSubmatch(string(page), -1) {
		require.False(t, rows[m[1]], "row %s stands twice", m[1])
		rows[m[1]] = true
	}
	require.Greater(t, len(rows), 150)
	tested := testedRows(t, root)
	for row := range rows {
		if !tested[row] {
			t.Errorf("row %s has no test named Case_%s", row, row)
		}
	}
	for row := range tested {
		if !rows[row] {
			t.Errorf("there is no row %s", row)
		}
	}
}

// testedRows finds the rows that tests of this module are named by: func TestCase_B9, or a subtest "Case_B9".
func testedRows(t *testing.T, root string) map[string]bool {
	named := regexp.MustCompile(`(?:func Test\w*|")Case_([A-Z]c?\d+[a-z]?)\b`)
	tested := map[string]bool{}
	for _, dir := range []string{"internal", "app"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") || slices.Contains(strings.Split(path, "/"), "testdata") {
				return err
			}
			source, err := os.ReadFile(path)
			for _, m := range named.FindAllStringSubmatch(string(source), -1) {
				tested[m[1]] = true
			}
			return err
		})
		require.NoError(t, err)
	}
	return tested
}
