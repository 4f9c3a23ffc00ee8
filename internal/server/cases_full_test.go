//go:build !race

package server_test

const matrixCases = 100_000 // of who asks for what
