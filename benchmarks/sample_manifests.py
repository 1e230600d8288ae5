"""Generate manifests of realistic size, each slightly different: 3 containers, 4 volumes."""

from __future__ import annotations

from pathlib import Path

# One in this many manifests mounts a volume that is not declared.
BROKEN_EVERY = 10
_FILES_PER_FOLDER = 200

_TEXT = """\
# Service {n}: a web server, the exporter of its metrics and the shipper of its logs.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: service-{n}
  namespace: team-{team}
  labels:
    app.kubernetes.io/name: service-{n}
    app.kubernetes.io/instance: production
    app.kubernetes.io/version: "1.{n}.0"
    app.kubernetes.io/managed-by: Helm
  annotations:
    checksum/config: "{checksum:064x}"
spec:
  replicas: {replicas}
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      app.kubernetes.io/name: service-{n}
      app.kubernetes.io/instance: production
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  template:
    metadata:
      labels:
        app.kubernetes.io/name: service-{n}
        app.kubernetes.io/instance: production
    spec:
      serviceAccountName: service-{n}
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        fsGroup: 2000
      containers:
        - name: web
          image: "registry.example.com/team-{team}/service:{n}"
          args: ["--config", "/etc/service/config.yaml", "--cache", "/var/cache/service"]
          ports:
            - name: http
              containerPort: 8080
              protocol: TCP
          env:
            - name: POD_NAME
              valueFrom:
                fieldRef:
                  fieldPath: metadata.name
            - name: LOG_FILE
              value: /var/log/service/service.log
            - name: GOMAXPROCS
              value: "2"
          livenessProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 10
          readinessProbe:
            httpGet:
              path: /readyz
              port: http
            periodSeconds: 5
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              memory: 512Mi
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: ["ALL"]
          volumeMounts:
            - name: config
              mountPath: /etc/service
              readOnly: true
            - name: logs
              mountPath: /var/log/service
            - name: {cache}
              mountPath: /var/cache/service
        - name: exporter
          image: "registry.example.com/tools/exporter:2.{team}"
          ports:
            - name: metrics
              containerPort: 9100
          resources:
            limits:
              memory: 64Mi
          volumeMounts:
            - name: cache
              mountPath: /cache
              readOnly: true
            - name: tls
              mountPath: /etc/tls
              readOnly: true
        - name: shipper
          image: registry.example.com/tools/shipper:3.1
          args:
            - --from=/logs/service.log
            - --to=https://logs.example.com/team-{team}
          resources:
            limits:
              memory: 64Mi
          volumeMounts:
            - name: logs
              mountPath: /logs
              readOnly: true
      volumes:
        - name: config
          configMap:
            name: service-{n}
        - name: tls
          secret:
            secretName: service-{n}-tls
        - name: logs
          emptyDir:
            sizeLimit: 100Mi
        - name: cache
          emptyDir:
            sizeLimit: 1Gi
"""


def write(folder: Path, count: int) -> None:
    """Write this number of manifests into files, in subfolders of the folder."""
    for number in range(count):
        file = folder / f"team-{number // _FILES_PER_FOLDER}" / f"service-{number}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text(number))


def text(number: int) -> str:
    """Return the manifest with this number."""
    return _TEXT.format(
        n=number,
        team=number // _FILES_PER_FOLDER,
        checksum=number**7,
        replicas=1 + number % 3,
        cache="chace" if number % BROKEN_EVERY == 0 else "cache",
    )
