# containerd, its shim and ctr, compiled. 60 s.
cd "$SANDBOX/go/containerd"
mkdir "$OUT/bin"
version=$(go list -m -f '{{.Version}}' github.com/containerd/containerd/v2)
# Snapshotters nobody selects here are left out, as in kind's own images.
CGO_ENABLED=0 go build -trimpath -tags "no_btrfs no_zfs no_aufs no_devmapper" \
  -ldflags "-s -w -X github.com/containerd/containerd/v2/version.Version=$version" -o "$OUT/bin/" \
  github.com/containerd/containerd/v2/cmd/{containerd,containerd-shim-runc-v2,ctr}
