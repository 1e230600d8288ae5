# The images of the cluster's own programs, each one static binary and nothing else, as one archive
# under the names kubeadm and the manifests ask for. Written directly, for sending a third of a
# gigabyte through the engine and back would cost more than the rest of this step. 3 s.
work=$OUT/work
mkdir "$work"
manifest=

binary_image() {  # binary_image NAME:TAG BINARY
  local program=${2##*/} layer config rootfs
  tar -C "${2%/*}" --owner=0 --group=0 --mode=755 --mtime=@0 --transform 's,^,usr/local/bin/,' \
    -cf "$work/$program.tar" "$program"
  layer=$(sha256sum "$work/$program.tar" | cut -d' ' -f1)
  config='{"Env":["PATH=/usr/local/bin:/usr/bin:/bin"],"Entrypoint":["/usr/local/bin/'$program'"]}'
  rootfs='{"type":"layers","diff_ids":["sha256:'$layer'"]}'
  printf '{"os":"linux","architecture":"%s","config":%s,"rootfs":%s}' \
    "$(go env GOARCH)" "$config" "$rootfs" > "$work/$program.json"
  manifest+=${manifest:+,}'{"Config":"'$program'.json","RepoTags":["'$1'"],"Layers":["'$program'.tar"]}'
}

kubeadm=$IN_KUBERNETES/bin/kubeadm
wanted=$("$kubeadm" config images list --kubernetes-version "v$KUBERNETES_VERSION")
for program in kube-apiserver kube-controller-manager kube-scheduler; do
  binary_image "$(grep "/$program:" <<< "$wanted")" "$IN_KUBERNETES/bin/$program"
done
binary_image "$(grep /etcd: <<< "$wanted")" "$IN_ETCD/bin/etcd"
binary_image "$(grep /coredns: <<< "$wanted")" "$IN_COREDNS/bin/coredns"
binary_image docker.io/podshare/local-path-provisioner:latest \
  "$IN_LOCAL_PATH_PROVISIONER/bin/local-path-provisioner"
# The tag containerd's configuration in kind's node files names.
binary_image registry.k8s.io/pause:3.10 "$IN_PAUSE/pause"

printf '[%s]' "$manifest" > "$work/manifest.json"
tar -C "$work" -cf "$OUT/images.tar" .
rm -rf "$work"
