# etcd, compiled. 11 s once the packages it shares with Kubernetes are; go.mod keeps their versions
# the same.
cd "$SANDBOX/go/etcd"
mkdir "$OUT/bin"
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$OUT/bin/etcd" go.etcd.io/etcd/server/v3
