# runc, compiled: Debian's is older than 1.2, where user namespaces for Pods begin. 22 s.
cd "$SANDBOX/go/runc"
mkdir "$OUT/bin"
version=$(go list -m -f '{{.Version}}' github.com/opencontainers/runc)
# Static, so that the node's C library and libseccomp need not be the host's.
CGO_ENABLED=1 go build -trimpath -tags "seccomp netgo osusergo" \
  -ldflags "-s -w -X main.version=${version#v} -linkmode external -extldflags -static" \
  -o "$OUT/bin/runc" github.com/opencontainers/runc
"$OUT/bin/runc" --version
