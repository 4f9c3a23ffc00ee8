package shell

import (
	"fmt"
	"os/exec"
	"runtime"
)

// openPath hands a file or folder to the program that the system has for it.
func openPath(path string) error {
	name, args := "xdg-open", []string{path}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", path}
	}
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	go func() { _ = cmd.Wait() }() // no zombie; the program outlives us
	return nil
}
