"""The fields of a Pod that Kubernetes knows, by the type that has them.

From the API reference of Kubernetes 1.36; of volume sources, those that charts use.
"""

from __future__ import annotations

from collections.abc import Mapping

POD_SPEC = frozenset(
    {"activeDeadlineSeconds", "affinity", "automountServiceAccountToken", "containers"}
    | {"dnsConfig", "dnsPolicy", "enableServiceLinks", "ephemeralContainers", "hostAliases"}
    | {"hostIPC", "hostNetwork", "hostPID", "hostUsers", "hostname", "hostnameOverride"}
    | {"imagePullSecrets", "initContainers", "nodeName", "nodeSelector", "os", "overhead"}
    | {"preemptionPolicy", "priority", "priorityClassName", "readinessGates", "resourceClaims"}
    | {"resources", "restartPolicy", "runtimeClassName", "schedulerName", "schedulingGates"}
    | {"schedulingGroup", "securityContext", "serviceAccount", "serviceAccountName"}
    | {"setHostnameAsFQDN", "shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds"}
    | {"tolerations", "topologySpreadConstraints", "volumes", "workloadRef"}
)
CONTAINER = frozenset(
    {"args", "command", "env", "envFrom", "image", "imagePullPolicy", "lifecycle"}
    | {"livenessProbe", "name", "ports", "readinessProbe", "resizePolicy", "resources"}
    | {"restartPolicy", "restartPolicyRules", "securityContext", "startupProbe", "stdin"}
    | {"stdinOnce", "terminationMessagePath", "terminationMessagePolicy", "tty"}
    | {"volumeDevices", "volumeMounts", "workingDir"}
)
_SECURITY_OF_BOTH = frozenset(
    {"appArmorProfile", "runAsGroup", "runAsNonRoot", "runAsUser", "seLinuxOptions"}
    | {"seccompProfile", "windowsOptions"}
)
POD_SECURITY = _SECURITY_OF_BOTH | {
    *("fsGroup", "fsGroupChangePolicy", "seLinuxChangePolicy", "supplementalGroups"),
    *("supplementalGroupsPolicy", "sysctls"),
}
CONTAINER_SECURITY = _SECURITY_OF_BOTH | {
    *("allowPrivilegeEscalation", "capabilities", "privileged", "procMount"),
    "readOnlyRootFilesystem",
}
VOLUME_SOURCES: Mapping[str, frozenset[str]] = {
    "configMap": frozenset({"name", "items", "defaultMode", "optional"}),
    "csi": frozenset({"driver", "fsType", "nodePublishSecretRef", "readOnly", "volumeAttributes"}),
    "downwardAPI": frozenset({"items", "defaultMode"}),
    "emptyDir": frozenset({"medium", "sizeLimit"}),
    "ephemeral": frozenset({"volumeClaimTemplate"}),
    "hostPath": frozenset({"path", "type"}),
    "image": frozenset({"reference", "pullPolicy"}),
    "nfs": frozenset({"server", "path", "readOnly"}),
    "persistentVolumeClaim": frozenset({"claimName", "readOnly"}),
    "projected": frozenset({"sources", "defaultMode"}),
    "secret": frozenset({"secretName", "items", "defaultMode", "optional"}),
}
