# The image of the cluster's network. 1 s.
DOCKER_BUILDKIT=0 "$ENGINE" build --network host \
  --build-arg IPTABLES="$IMAGE_IPTABLES" -t "$IMAGE" "$SANDBOX/images/network"
