"""A Job of one container that writes a file and ends."""

JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: c
          image: busybox
          command: [sh, -c, "echo done > /d/it"]
          volumeMounts: [{name: d, mountPath: /d}]
      volumes: [{name: d, emptyDir: {}}]
"""
