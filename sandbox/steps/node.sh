# The node image kind starts: binaries, kind's files, manifests, and every image in containerd's
# store, unpacked, so that no Pod waits for that. 15 s.
stand_ins="alpine:latest centos:7"  # images that are not what their name says
node=podshare-node-build-$$
# Privileged, for containerd mounts what it unpacks.
"$ENGINE" run -d --name "$node" --privileged --network none --entrypoint sleep "$IMAGE_NODE_BASE" infinity
trap '"$ENGINE" rm -f -v "$node" >/dev/null' EXIT
inside() { "$ENGINE" exec -i "$node" "$@"; }

# put FROM_FOLDER TO_FOLDER NAME...
put() { tar -C "$1" --owner=0 --group=0 -c "${@:3}" | inside tar -C "$2" --no-same-permissions -x; }
put "$IN_KIND/node-files" / .
put "$IN_KUBERNETES/bin" /usr/bin kubelet kubeadm kubectl
put "$IN_CONTAINERD/bin" /usr/local/bin containerd containerd-shim-runc-v2 ctr
put "$IN_RUNC/bin" /usr/local/sbin runc
inside mkdir -p /kind/manifests
put "$SANDBOX/node" /kind/manifests default-cni.yaml default-storage.yaml
inside bash -euo pipefail -s "v$KUBERNETES_VERSION" "$stand_ins" < "$SANDBOX/node/install.sh"

"$ENGINE" exec -d "$node" containerd
until inside ctr version >/dev/null 2>&1; do sleep 0.1; done
ctr() { inside ctr -n k8s.io images "$@"; }
# Unpacked layers are not kept a second time as archives: kind copies all of it for every node.
load() { ctr import --local --discard-unpacked-layers --label io.cri-containerd.pinned=pinned -; }
load < "$IN_SYSTEM_IMAGES/images.tar"

# Docker and Podman differ in how several images are saved, and in what a name without a registry
# becomes.
save=(save) registry=docker.io
if [ "$ENGINE" = podman ]; then save=(save --multi-image-archive) registry=localhost; fi
"$ENGINE" "${save[@]}" "$IMAGE_KUBE_PROXY" "$IMAGE_NETWORK" \
  "$IMAGE_BUSYBOX" "$IMAGE_NGINX" "$IMAGE_REDIS" "$IMAGE_ALPINE" "$IMAGE_CENTOS" | load

# On the host the images have names of their own: only in the node they are called what Pods call them.
rename() {  # rename IMAGE NAME...
  for name in "${@:2}"; do ctr tag "$registry/$1" "$name"; done
  ctr rm "$registry/$1"
}
rename "$IMAGE_KUBE_PROXY" "registry.k8s.io/kube-proxy:v$KUBERNETES_VERSION"
rename "$IMAGE_NETWORK" docker.io/podshare/network:latest
rename "$IMAGE_BUSYBOX" docker.io/library/busybox:latest docker.io/library/busybox:1.37
rename "$IMAGE_NGINX" docker.io/library/nginx:latest
rename "$IMAGE_REDIS" docker.io/library/redis:latest
rename "$IMAGE_ALPINE" docker.io/library/alpine:latest
rename "$IMAGE_CENTOS" docker.io/library/centos:7
inside pkill -x containerd
while inside pgrep -x containerd >/dev/null; do sleep 0.1; done

"$ENGINE" commit --change 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]' --change 'CMD []' \
  --change "LABEL podshare.stand-ins=\"$stand_ins\"" "$node" "$IMAGE"
