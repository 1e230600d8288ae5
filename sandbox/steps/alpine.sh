# The stand-in for the workload image alpine: busybox under its name. 1 s.
DOCKER_BUILDKIT=0 "$ENGINE" build --network host \
  --build-arg BUSYBOX="$IMAGE_BUSYBOX" -t "$IMAGE" "$SANDBOX/images/alpine"
