# Kubernetes' own programs, compiled. 5 min 10 s on two cores, by far the longest step.
cd "$SANDBOX/go/kubernetes-${KUBERNETES_VERSION%.*}"
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
if [ "$version" != "v$KUBERNETES_VERSION" ]; then
  echo "$PWD/go.mod pins $version, not v$KUBERNETES_VERSION" >&2
  exit 1
fi

# Kubernetes learns its version from the linker only; kubeadm and kubectl compare it.
IFS=. read -r major minor _ <<< "$KUBERNETES_VERSION"
flags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  flags+=" -X $package.gitVersion=$version -X $package.gitTreeState=clean"
  flags+=" -X $package.gitMajor=$major -X $package.gitMinor=$minor"
done
mkdir "$OUT/bin"
CGO_ENABLED=0 go build -trimpath -ldflags "$flags" -o "$OUT/bin/" \
  k8s.io/kubernetes/cmd/{kubelet,kubeadm,kubectl} \
  k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kube-proxy}
