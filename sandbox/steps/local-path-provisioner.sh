# The program behind the StorageClass standard, compiled. 10 s once the packages it shares with
# Kubernetes are; go.mod keeps their versions the same, else it would be two minutes.
cd "$SANDBOX/go/local-path-provisioner"
mkdir "$OUT/bin"
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$OUT/bin/" github.com/rancher/local-path-provisioner
