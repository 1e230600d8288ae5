# kind, and the files its own node image is made of. 7 s.
cd "$SANDBOX/go/kind"
mkdir "$OUT/bin"
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$OUT/bin/" sigs.k8s.io/kind
cp -r "$(go list -m -f '{{.Dir}}' sigs.k8s.io/kind)/images/base/files" "$OUT/node-files"
chmod -R u+w "$OUT/node-files"
