"""The reason for a failure of kind, in the words of the program that refused."""

import pytest

from pytest_podshare.cluster.kind import failures, node_logs

# as kind 0.33 prints it, before the output of the engine's command
LIST = (
    'ERROR: failed to list clusters: command "docker ps -a --filter label=io.x-k8s.kind.cluster'
    ' --format \'{{.Label "io.x-k8s.kind.cluster"}}\'" failed with error: exit status 1\n\n'
    "Command Output: "
)
DEAD = "Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?"
FORBIDDEN = (
    "permission denied while trying to connect to the Docker daemon socket at"
    " unix:///var/run/docker.sock: dial unix /var/run/docker.sock: connect: permission denied"
)
NO_SESSION = (
    "Error: creating runtime temporary files directory: mkdir /run/user/1001: permission denied"
)
KUBEADM = """\
Creating cluster "t" ...
 ✗ Starting control-plane 🕹️
Deleted nodes: ["t-control-plane"]
ERROR: failed to create cluster: failed to init node with kubeadm: command "docker exec \
--privileged t-control-plane kubeadm init --config=/kind/kubeadm.conf --v=6" failed with error: \
exit status 1

Command Output: I1201 04:02:06.351063     179 initconfiguration.go:261] loading configuration
[init] Using Kubernetes version: v1.36.3
"""
PREFLIGHT = KUBEADM + (
    "error execution phase preflight: [preflight] Some fatal errors occurred:\n"
    "\t[ERROR Swap]: running with swap on is not supported. Please disable swap\n"
    "[preflight] If you know what you are doing, you can make a check non-fatal\n"
    "To see the stack trace of this error execute with --v=5 or higher\n"
)
WAITED = KUBEADM + (
    "[kubelet-check] The kubelet is not healthy after 4m0.000481279s\n"
    "error: error execution phase wait-control-plane: failed while waiting for the kubelet to"
    " start: context deadline exceeded\n"
    "k8s.io/kubernetes/cmd/kubeadm/app/cmd/phases/workflow.(*Runner).Run.func1\n"
)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        pytest.param(LIST + DEAD, DEAD, id="the engine's words"),
        pytest.param(LIST + FORBIDDEN + "\n", FORBIDDEN, id="a forbidden socket"),
        pytest.param(
            PREFLIGHT,
            "[ERROR Swap]: running with swap on is not supported. Please disable swap",
            id="kubeadm before it starts",
        ),
        pytest.param(
            WAITED,
            "error execution phase wait-control-plane: failed while waiting for the kubelet to"
            " start: context deadline exceeded",
            id="kubeadm while it waits",
        ),
        pytest.param(
            "ERROR: failed to create cluster: node(s) already exist for a cluster named t",
            "failed to create cluster: node(s) already exist for a cluster named t",
            id="kind itself",
        ),
        pytest.param("\x1b[31mkilled\x1b[0m\n", "killed", id="no ERROR line"),
        pytest.param("", "no error message", id="nothing"),
    ],
)
def test_the_reason(output, reason):
    """It is what the failed command printed, without kind's description of the command."""
    assert failures.find_reason(output) == reason


@pytest.mark.parametrize(
    ("reason", "variables", "remedy"),
    [
        (FORBIDDEN, {}, "usermod -aG docker "),
        (DEAD, {"DOCKER_HOST": "tcp://127.0.0.1:1"}, "DOCKER_HOST=tcp://127.0.0.1:1, or unset"),
        (DEAD, {}, "Start Docker or Podman"),
        (NO_SESSION, {"KIND_EXPERIMENTAL_PROVIDER": "podman"}, "loginctl enable-linger "),
        ("no space", {"KIND_EXPERIMENTAL_PROVIDER": "podman"}, "Start Docker or Podman"),
    ],
)
def test_the_remedy_for_an_engine(monkeypatch, reason, variables, remedy):
    """It follows from the engine's words, and from the environment."""
    for name in ("DOCKER_HOST", "KIND_EXPERIMENTAL_PROVIDER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    error = failures.engine_missing(reason)
    assert reason in error.what
    assert remedy in error.remedy


def test_the_kubelets_own_error(tmp_path):
    """The last one, since it is started again and again; control: a kubelet that runs."""
    line = (
        'Dec 01 04:41:45 n kubelet[530]: E1201 04:41:45.6 530 run.go:72] "command failed" err="{}"'
    )
    other = "Dec 01 04:41:44 n kubelet[530]: I1201 04:41:44.1 530 server.go:1] starting"
    for node, lines in {
        "t-control-plane": [other],
        "t-worker": [other, line.format("first"), line.format('unknown flag: \\"x\\"')],
    }.items():
        (tmp_path / node).mkdir()
        (tmp_path / node / "kubelet.log").write_text("\n".join(lines))
    assert node_logs.find_kubelet_error(tmp_path) == (
        'the kubelet of t-worker: unknown flag: \\"x\\"'
    )
    (tmp_path / "t-worker" / "kubelet.log").write_text(other)
    assert node_logs.find_kubelet_error(tmp_path) == ""
