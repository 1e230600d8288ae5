# CoreDNS with the plugins a cluster needs, compiled. 22 s once the packages it shares with Kubernetes
# are; go.mod keeps their versions the same, else it would be two minutes.
cd "$SANDBOX/go/coredns"
mkdir "$OUT/bin"
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$OUT/bin/coredns" .
