# Helm, compiled. 62 s; go.mod keeps what it shares with Kubernetes the same, as far as Helm lets it.
cd "$SANDBOX/go/helm"
mkdir "$OUT/bin"
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$OUT/bin/helm" helm.sh/helm/v3/cmd/helm
