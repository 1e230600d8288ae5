//go:build tools

// Package tools names the main packages this module is here to build.
package tools

import _ "github.com/opencontainers/runc"
