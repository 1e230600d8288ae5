# The source of CoreDNS and of the modules it needs. 3 s.
cd "$SANDBOX/go/coredns"
go list -deps . > "$OUT/packages"
