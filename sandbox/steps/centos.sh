# The stand-in for the workload image centos:7: Debian under its name. 1 s.
DOCKER_BUILDKIT=0 "$ENGINE" build --network host \
  --build-arg DEBIAN="$IMAGE_DEBIAN" -t "$IMAGE" "$SANDBOX/images/centos"
