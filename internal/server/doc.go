// Package server is the studio server: it signs people in, asks studio whether they may, and decides their ops in one
// transaction of serverdb, in one order for each project. Core holds the protocol's steps as plain functions; Server runs
// them behind HTTP.
//
// It refuses to know rules of its own and trusts nothing that a client says about who it is, when it is, or what it may.
// Invariants: each op has one durable verdict, given only after its commit; bytes go only to the entitled; what a client
// announced as saved is accepted or parked, never lost.
package server
