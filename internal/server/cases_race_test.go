//go:build race

package server_test

const matrixCases = 15_000 // the detector looks at how the server works, not at what it decides
