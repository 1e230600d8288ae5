# Runs inside the node image being made, once the files are in: what kind's own image does to them,
# and what a host without CAP_SYS_RESOURCE asks for besides.
# install.sh KUBERNETES_VERSION STAND_INS
chmod 755 /usr/local/bin/* /usr/local/sbin/* /kind/bin /kind/bin/* /usr/bin/kube*
printf %s "$1" > /kind/version

# One name per line, for whoever reports on the cluster.
tr ' ' '\n' <<< "$2" > /kind/podshare-stand-ins

# Limits and negative OOM scores take CAP_SYS_RESOURCE, which not every host has to give. Nothing
# here needs them, so nodes are the same everywhere.
sed -i -E '/^(OOMScoreAdjust|Limit[A-Z]+|TasksMax)=/d' /etc/systemd/system/containerd.service
sed -i 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' /etc/containerd/config.toml
ctr oci spec \
  | jq '.hooks.createContainer += [{"path": "/kind/bin/mount-product-files.sh"}] | del(.process.rlimits)' \
  > /etc/containerd/cri-base.json

mkdir -p /etc/kubernetes/manifests /etc/cni/net.d
systemctl enable kubelet.service containerd.service undo-mount-hacks.service
