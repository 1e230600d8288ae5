#!/bin/sh
# The network of one node, kept right while nodes come and change:
# - a CNI configuration for this node's own Pods, from the Pod subnet the cluster gave the node;
# - a route to every other node's Pods, by that node's address;
# - Pods that talk to the world outside borrow the node's address, among themselves they do not.
# IPv4 only. NODE_NAME, POD_SUBNET and CONTROL_PLANE_ENDPOINT come from the DaemonSet.
set -eu

# The API server is asked directly: its Service works only once kube-proxy does.
export KUBERNETES_SERVICE_HOST="${CONTROL_PLANE_ENDPOINT%:*}"
export KUBERNETES_SERVICE_PORT="${CONTROL_PLANE_ENDPOINT##*:}"

masquerade() {
  set -- POSTROUTING -s "$POD_SUBNET" ! -d "$POD_SUBNET" -j MASQUERADE
  iptables -w -t nat -C "$@" 2>/dev/null || iptables -w -t nat -A "$@"
}

configure_pods() {  # configure_pods SUBNET
  config=/etc/cni/net.d/10-podshare.conflist
  cat > /tmp/conflist <<JSON
{
  "cniVersion": "0.3.1",
  "name": "podshare",
  "plugins": [
    {
      "type": "ptp",
      "ipMasq": false,
      "ipam": {
        "type": "host-local",
        "dataDir": "/run/cni-ipam-state",
        "routes": [{"dst": "0.0.0.0/0"}],
        "ranges": [[{"subnet": "$1"}]]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
JSON
  ! cmp -s /tmp/conflist "$config" || return 0
  # Renamed into place: containerd watches the folder and would read half a file.
  cp /tmp/conflist "$config.new"
  mv "$config.new" "$config"
  echo "own Pods: $1"
}

route() {  # route SUBNET NODE_ADDRESS
  [ -z "$(ip route show "$1" via "$2")" ] || return 0
  ip route replace "$1" via "$2"
  echo "Pods $1: by $2"
}

follow_nodes() {
  address='{.status.addresses[?(@.type=="InternalIP")].address}'
  kubectl get nodes --watch -o jsonpath="{.metadata.name} {.spec.podCIDR} $address{\"\\n\"}" |
    while read -r name subnet address; do
      [ -n "$address" ] || continue  # not given a Pod subnet yet; it will be seen again
      if [ "$name" = "$NODE_NAME" ]; then
        configure_pods "$subnet"
      else
        route "$subnet" "$address"
      fi
    done
}

iptables-as-on-node
masquerade
# A watch ends now and then, as the API server wishes; the next one starts from the whole list.
while true; do
  follow_nodes || true
  sleep 1
done
