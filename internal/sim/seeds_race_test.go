//go:build race

package sim_test

const seedsByDefault = 20 // a world is one goroutine: there is little to detect
