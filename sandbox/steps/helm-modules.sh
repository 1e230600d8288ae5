# The source of Helm and of the modules it needs. 5 s.
cd "$SANDBOX/go/helm"
# What tools.go names are programs: go list says so and goes on, then lists them as such.
programs=$(go list -tags tools -e -f '{{join .Imports " "}}' .)
# shellcheck disable=SC2086 # one word per program
go list -deps $programs > "$OUT/packages"
