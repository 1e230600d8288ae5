"""What applications create themselves: files and sockets with the modes of their umasks."""

import contextlib
import dataclasses
import re

import pytest

from pytest_podshare import assert_connectable, assert_file_visible, assert_readable, errors
from pytest_podshare.deadline import Deadline, poll
from tests.support.two_containers import with_name

pytestmark = pytest.mark.usefixtures("at_leisure")

STAY = "while :; do sleep 1; done"
FILES = """
umask 022
echo public > /out/public
(umask 077; echo private > /out/private)
mkdir /out/folder; mkfifo /out/pipe
mkdir -m 700 /out/closed; echo public > /out/closed/f
ln -s folder/../public /out/link; ln -s private /out/link-to-private
ln -s nothing /out/dangling; ln -s /etc/hostname /out/leaves
echo elsewhere > /other
listen() {
  perl -MSocket -e 'socket(S, PF_UNIX, $ARGV[1], 0); bind(S, pack_sockaddr_un($ARGV[0])) or die;
    listen(S, 100) if $ARGV[2]; sleep $ARGV[2]' "$@" &
}
(umask 000; listen /out/live 1 100000; listen /out/datagram 2 100000; listen /out/stale 1 0)
listen /out/denied 1 100000
ln -s live /out/link-to-live
until [ -e /out/live ] && [ -e /out/datagram ] && [ -e /out/stale ] && [ -e /out/denied ]; do
  sleep 0.1
done
"""


def container(name, image, path, **fields):
    """Return a container that mounts v."""
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "volumeMounts": [{"name": "v", "mountPath": path}],
        "command": ["sh", "-c", STAY],
        **fields,
    }


def user(uid):
    """Return the securityContext of a user."""
    return {"securityContext": {"runAsUser": uid, "runAsGroup": uid}}


def pod(*containers, **spec):
    """Return a Pod of these containers."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "files"},
        "spec": {
            "containers": list(containers),
            "volumes": [{"name": "v", "emptyDir": {}}],
            "terminationGracePeriodSeconds": 1,
            **spec,
        },
    }


def app(script):
    """Return a container that runs a script as root before it is ready."""
    probe = {"exec": {"command": ["test", "-e", "/tmp/done"]}, "periodSeconds": 1}
    command = ["sh", "-c", f"{script}\ntouch /tmp/done\n{STAY}"]
    return container("app", "redis", "/out", command=command, readinessProbe=probe)


@pytest.fixture(scope="module")
def files(podshare_factory):
    """Deploy a Pod with all kinds of files, and readers without and with programs and shells."""
    without_shell = container("static", "registry.k8s.io/pause:3.10", "/in", **user(1000))
    del without_shell["command"]
    manifest = pod(
        app(FILES),
        container("reader", "busybox", "/in", **user(1000)),
        container("perl", "nginx", "/in", **user(1000)),
        without_shell,
    )
    with podshare_factory.make() as podshare:
        yield podshare.deploy(with_name("of-several-tests", manifest))


def fail(assertion, *args, **kwargs):
    """Return the error of an assertion that must fail."""
    with pytest.raises(errors.PromiseBroken) as caught:
        assertion(*args, timeout=1, **kwargs)
    return caught.value


def why(error):
    """Return what an error says about its cause."""
    return next(fact.text for fact in error.facts if fact.name == "why")


def test_a_private_file_is_not_readable_although_ours_is_visible_in_its_folder(files):
    """The control: the same container reads the public file beside it."""
    visible = assert_file_visible(files, from_c="app", to_c="reader")
    evidence = assert_readable(files, container="reader", path="/in/public")

    broken = fail(assert_readable, files, container="reader", path="/in/private")

    assert "this is about the folder, not about files of app with modes of its own" in str(visible)
    assert "(`umask 077`, `mkdir -m 700`): prove those with assert_readable(" in str(visible)
    text = str(evidence)
    assert "reader opened /in/public of 7 bytes" in text
    assert "/in/public belongs to 0:0 with mode 0644" in text
    assert "reader is user 1000 with group 1000, and mounts v at /in" in text
    assert "its processes" not in text
    assert broken.cause == "permission denied"
    assert "reader runs as user 1000 with group 1000" in why(broken)
    assert "/in/private belongs to 0:0 with mode 0600" in why(broken)
    assert "the command of app has `umask 077`" in why(broken)


def test_a_container_without_a_shell_reads_as_its_own_user(files):
    """Through an ephemeral container of the same user, which is refused as well."""
    evidence = assert_readable(files, container="static", path="/in/public")

    broken = fail(assert_readable, files, container="static", path="/in/private")

    assert "static by ephemeral container" in evidence.method
    assert "static is user 1000 with group 1000" in str(evidence)
    assert broken.cause == "permission denied"


def test_a_folder_that_denies_access_to_its_files_is_named(files):
    """Although everybody may read the file itself; its owner does."""
    assert_readable(files, container="app", path="/out/closed/f")

    broken = fail(assert_readable, files, container="reader", path="/in/closed/f")

    assert broken.cause == "permission denied"
    assert "/in/closed belongs to 0:0 with mode 0700" in why(broken)


def test_a_symlink_is_followed_within_the_volume(files):
    """The permissions are those of its target; a symlink to nothing is named."""
    evidence = assert_readable(files, container="reader", path="/in/link")

    private = fail(assert_readable, files, container="reader", path="/in/link-to-private")
    dangling = fail(assert_readable, files, container="reader", path="/in/dangling")
    leaves = fail(assert_readable, files, container="reader", path="/in/leaves")

    assert "through the symlink /in/link" in str(evidence)
    assert "/in/private belongs to 0:0 with mode 0600" in why(private)
    assert why(dangling).startswith("dangling symlink: /in/dangling in reader is a symlink to")
    assert leaves.cause == "symlink leaves the volume"


@pytest.mark.parametrize(
    ("name", "text"), [("folder", "a folder"), ("pipe", "a named pipe"), ("live", "a socket")]
)
def test_what_is_not_a_file_is_not_readable(files, name, text):
    """It is not opened: a pipe would block."""
    broken = fail(assert_readable, files, container="reader", path=f"/in/{name}")

    assert why(broken) == f"wrong type: /in/{name} in reader is {text}, not a regular file"


def test_a_file_that_does_not_exist_is_compared_with_what_the_others_have(files):
    """The failure lists what is in the folder, and where else nothing is."""
    broken = fail(assert_readable, files, container="reader", path="/in/publik")

    assert broken.cause == "never written"
    assert "the folder contains public" in why(broken)
    assert "nothing exists at app:/out/publik, perl:/in/publik" in why(broken)


def test_a_path_outside_of_all_volumes_is_refused(files):
    """It is not what containers share."""
    with pytest.raises(errors.NoSharedVolume, match=r"reader:/etc/hostname .* is not in a volume"):
        assert_readable(files, container="reader", path="/etc/hostname")
    with pytest.raises(errors.NoSharedVolume, match=r"is not in a volume"):
        assert_connectable(files, container="reader", socket="/run/s")


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("perl", "by perl$"),
        ("reader", "by perl on .* in the container's root folder$"),
        ("static", "by perl on .* in the container's root folder$"),
    ],
)
@pytest.mark.podshare_needs("node-access")
def test_a_socket_is_connected_to_with_the_container_s_user(files, name, method):
    """Twins: a socket that denies access, one that nothing listens on, and none at all."""
    evidence = assert_connectable(files, container=name, socket="/in/live")
    through_link = assert_connectable(files, container=name, socket="/in/link-to-live")
    datagram = assert_connectable(files, container=name, socket="/in/datagram")

    denied = fail(assert_connectable, files, container=name, socket="/in/denied")
    stale = fail(assert_connectable, files, container=name, socket="/in/stale")
    missing = fail(assert_connectable, files, container=name, socket="/in/none")
    other = fail(assert_connectable, files, container=name, socket="/in/public")

    (connected, owner, identity, *_) = map(str, evidence.events)
    assert connected.startswith(f"{name} connected to /in/live (stream) ")
    assert re.search(method, connected)
    assert owner == "/in/live belongs to 0:0 with mode 0777"
    assert identity == f"{name} is user 1000 with group 1000, and mounts v at /in"
    assert "through the symlink /in/link-to-live" in str(through_link)
    assert "(datagram)" in str(datagram)
    assert denied.cause == "permission denied"
    assert "/in/denied belongs to 0:0 with mode 0755" in why(denied)
    assert stale.cause == "stale socket"
    assert "missing" in str(missing)
    assert other.cause == "wrong type"


def test_the_owner_of_a_socket_may_connect(files):
    """The control of the denial: it is about the user."""
    assert_connectable(files, container="app", socket="/out/denied")


@pytest.fixture
def readers(another, podshare_cluster):
    """Return a function that deploys a reader whose ephemeral containers have an image.

    As on an existing cluster, the nodes cannot be accessed.
    """
    without_nodes = dataclasses.replace(podshare_cluster, own=False)
    manifest = pod(app(FILES), container("reader", "busybox", "/in", **user(1000)))
    with contextlib.ExitStack() as stack:

        def deploy(image):
            podshare = stack.enter_context(another(cluster=without_nodes, probe_image=image))
            return podshare.deploy(manifest)

        yield deploy


def test_an_ephemeral_container_connects_if_nothing_else_can(readers):
    """It has the container's user, so that it is denied the same."""
    deployed = readers("redis")

    evidence = assert_connectable(deployed, container="reader", socket="/in/live")
    denied = fail(assert_connectable, deployed, container="reader", socket="/in/denied")

    assert "reader by ephemeral container" in evidence.method
    assert str(evidence.events[0]) == "reader connected to /in/live (stream) by perl"
    assert denied.cause == "permission denied"


def test_without_any_program_nothing_is_claimed_about_a_socket(readers):
    """The mutated twin, whose ephemeral container has no program either; files can be read."""
    deployed = readers("busybox")

    with pytest.raises(errors.Unprovable, match="Cannot connect to /in/live") as caught:
        assert_connectable(deployed, container="reader", socket="/in/live")

    assert "The image of reader has no program that can connect" in str(caught.value)
    assert "the cluster's nodes cannot be accessed" in str(caught.value)
    assert "--podshare-probe-image" in str(caught.value)
    assert_readable(deployed, container="reader", path="/in/public")


def test_a_file_and_a_socket_may_be_created_later(files):
    """Both are waited for; with a shorter timeout, the failure has what was seen last."""
    script = """(sleep 4; umask 022; echo later > /out/later; umask 000
      perl -MSocket -e 'socket(S, PF_UNIX, 1, 0); bind(S, pack_sockaddr_un("/out/late.sock"));
        sleep 4; listen(S, 9); sleep 100000') > /dev/null 2>&1 &"""
    files["app"].exec(["sh", "-c", script])

    early = fail(assert_readable, files, container="reader", path="/in/later")
    assert_readable(files, container="reader", path="/in/later", timeout=60)
    not_yet = fail(assert_connectable, files, container="perl", socket="/in/late.sock")
    assert_connectable(files, container="perl", socket="/in/late.sock", timeout=60)

    assert "missing  (for 1 s)" in str(early)
    assert not_yet.cause in ("stale socket", "never written", "unknown")


def test_processes_with_another_user_are_named_in_the_evidence(podshare):
    """What root can do proves nothing about the workers of nginx; control: no other processes."""
    deployed = podshare.deploy("manifests/unix-socket.yaml")

    evidence = assert_connectable(deployed, container="proxy", socket="/run/app/app.sock")

    (workers,) = (str(event) for event in evidence.events if "processes" in str(event))
    assert re.fullmatch(r"its processes that are user \d+ with group \d+: the same", workers)


def test_what_other_users_of_the_container_cannot_do_is_in_the_evidence(podshare):
    """Its first process is root, and can read the file; its other process cannot."""
    worker = "setpriv --reuid=1000 --regid=1000 --clear-groups sleep 100000 &"
    reader = container("reader", "redis", "/in", command=["sh", "-c", f"{worker} {STAY}"])
    deployed = podshare.deploy(pod(app(FILES), reader))

    private = assert_readable(deployed, container="reader", path="/in/private")
    public = assert_readable(deployed, container="reader", path="/in/public")
    denied = assert_connectable(deployed, container="reader", socket="/in/denied")

    worker = "its processes that are user 1000 with group 1000: "
    assert str(private.events[-1]) == f"{worker}Permission denied"
    assert str(public.events[-1]) == f"{worker}the same"
    assert str(denied.events[-1]) == f"{worker}Permission denied"


def test_a_file_of_another_volume_at_the_same_path_is_named(podshare):
    """The classic mistake: each container has a volume of its own."""
    other = container("reader", "busybox", "/out", **user(1000))
    other["volumeMounts"][0]["name"] = "w"
    volumes = [{"name": "v", "emptyDir": {}}, {"name": "w", "emptyDir": {}}]
    deployed = podshare.deploy(pod(app(FILES), other, volumes=volumes))

    broken = fail(assert_readable, deployed, container="reader", path="/out/public")

    assert broken.cause == "different volume"
    assert "app:/out/public is in volume v, reader:/out/public is in volume w" in why(broken)


SWITCH = "exec setpriv --reuid=1000 --regid=1000 --clear-groups sleep 10000"
BUSYBOX_SWITCH = "exec su -s /bin/sh nobody -c 'exec sleep 10000'"


@pytest.mark.parametrize(
    ("image", "command", "outcome"),
    [
        ("redis", STAY, None),
        ("redis", SWITCH, "permission denied"),
        ("busybox", STAY, None),
        ("busybox", BUSYBOX_SWITCH, "unprovable"),
    ],
    ids=["root", "has switched", "root of busybox", "cannot switch"],
)
def test_a_process_that_has_given_up_root_reads_as_its_new_user(podshare, image, command, outcome):
    """Commands in its container still run as root, who may read everything."""
    reader = container("reader", image, "/in", command=["sh", "-c", command])
    deployed = podshare.deploy(pod(app(FILES), reader))
    # the shell that starts the process has ended once the process is there
    pattern = "sleep" if command != STAY else "sh"
    seen = poll(
        lambda: deployed["reader"].exec(["cat", "/proc/1/cmdline"]).stdout,
        until=lambda printed: printed.startswith(pattern.encode()),
        deadline=Deadline(30),
    )
    assert seen.startswith(pattern.encode())

    if outcome is None:
        assert_readable(deployed, container="reader", path="/in/private")
        assert_connectable(deployed, container="reader", socket="/in/denied")
    elif outcome == "unprovable":
        with pytest.raises(errors.Unprovable, match="runs as user 65534"):
            assert_readable(deployed, container="reader", path="/in/public")
    else:
        broken = fail(assert_readable, deployed, container="reader", path="/in/private")
        denied = fail(assert_connectable, deployed, container="reader", socket="/in/denied")
        evidence = assert_readable(deployed, container="reader", path="/in/public")
        assert "reader is user 1000 with group 1000" in str(evidence)
        # those of this test have another user
        assert "its processes" not in str(evidence)
        assert "reader runs as user 1000 with group 1000" in why(broken)
        assert (broken.cause, denied.cause) == (outcome, outcome)


@pytest.mark.parametrize(
    ("security", "is_readable"),
    [({}, False), ({"fsGroup": 2000}, True)],
    ids=["no fsGroup", "fsGroup"],
)
def test_a_secret_of_mode_0400_is_readable_with_an_fs_group_only(podshare, security, is_readable):
    """The kubelet gives the file to root, and to the group if there is one; it is a symlink."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "key"},
        "stringData": {"id_rsa": "secret"},
    }
    volumes = [{"name": "v", "secret": {"secretName": "key", "defaultMode": 0o400}}]
    reader = container("reader", "busybox", "/in", **user(1000))
    manifest = pod(reader, volumes=volumes, securityContext=security)
    deployed = podshare.deploy({"kind": "List", "items": [secret, manifest]})

    if is_readable:
        evidence = assert_readable(deployed, container="reader", path="/in/id_rsa")
        assert "belongs to 0:2000 with mode 0440" in str(evidence)
        assert "reader is user 1000 with groups 1000 2000" in str(evidence)
    else:
        broken = fail(assert_readable, deployed, container="reader", path="/in/id_rsa")
        assert broken.cause == "permission denied"
        assert "/in/..data/id_rsa belongs to 0:0 with mode 0400" in why(broken)
        assert "Set the Pod's fsGroup" in str(broken)
