#!/bin/sh
set -e
iptables-as-on-node
exec /usr/local/lib/kube-proxy "$@"
