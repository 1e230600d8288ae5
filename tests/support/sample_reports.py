"""Sample runs, as reports receive them."""

import dataclasses

from pytest_podshare.containers.evidence_entries import Note
from pytest_podshare.errors import Fact
from pytest_podshare.pods.evidence import BROKEN, HELD, UNKNOWN, Check, Step
from pytest_podshare.report.records import CheckRecord, ClusterRecord, PhaseReport, PodRecord
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

CLUSTER = ClusterRecord("kind", "podshare", "https://127.0.0.1:36415", "v1.36.3")
SHAREVOL = Wiring(
    (
        ContainerSpec("c1", "container", (VolumeMount("xchange", "/tmp/xchange"),)),
        ContainerSpec("c2", "container", (VolumeMount("xchange", "/tmp/data"),)),
    ),
    (VolumeSpec("xchange", "emptyDir"),),
)
_FILE = "podshare-34f65f6c219d1c6c"
LINES = (
    Step("c1", "wrote", "xchange", f"/tmp/xchange/{_FILE}", 64, "6584c2be", 0.0019),
    Step("c2", "saw", "xchange", f"/tmp/data/{_FILE}", 64, "6584c2be", 0.0017),
    Note("c1 restarted (node): 1a2b → 3c4d", 0.9),
    Note("c2 found /etc/hosts by the same search"),
)
FACTS = (
    Fact("expected", "app:/srv/data/podshare-8afd4e3af14b62fe  64 bytes  sha256 e7ded1b6…"),
    Fact("got", "debian:/pod-data/podshare-8afd4e3af14b62fe  missing  (for 30 s)"),
    Fact(
        "where",
        "app has shared-data at /srv/data (subPath=out); debian has shared-data at /pod-data"
        " (subPath=in)",
    ),
    Fact(
        "why",
        "different subPath: app mounts folder 'out' of volume shared-data, but debian mounts folder"
        " 'in'",
    ),
    Fact("to do", "Use the same subPath in both mounts. (manifests/web.yaml:41)"),
    Fact("pod", "podshare-59ccca9b-8526/web"),
)


def pod_record(manifest="manifests/sharevol.yaml", wiring=SHAREVOL, **fields):
    """Return a Pod of two containers that exchange files."""
    name = "podshare-1a2b-3c4d/sharevol"
    record = PodRecord(manifest, "Pod/sharevol", wiring, name, "worker", CLUSTER)
    return dataclasses.replace(record, **fields)


def held(containers="c1→c2", volumes=("xchange",), seconds=0.114, **fields):
    """Return a check that held."""
    check = Check(
        assertion="assert_file_visible",
        manifest="manifests/sharevol.yaml",
        pod="podshare-1a2b-3c4d/sharevol",
        containers=tuple(filter(None, containers.split("→"))),
        volumes=volumes,
        verdict=HELD,
        seconds=seconds,
        headline="c2 sees what c1 wrote to xchange",
        method="sh in each container over one exec session",
        lines=LINES,
    )
    return dataclasses.replace(check, **fields)


def broken(containers="app→debian", volumes=("shared-data",), seconds=30.2, **fields):
    """Return a check that is broken."""
    headline = "'debian' does not see what 'app' wrote in volume 'shared-data'"
    failure = {"verdict": BROKEN, "headline": headline, "method": "", "lines": (), "facts": FACTS}
    failure |= {"cause": "different subPath"}
    return held(containers, volumes, seconds, **{**failure, **fields})


def phase(*checks, test="tests/test_it.py::test_it", pod=None, failed=None, error="", offset=0.0):
    """Return the report of a test with these checks; it failed if one of them did not hold."""
    failed = any(check.verdict != HELD for check in checks) if failed is None else failed
    start = 1793000000.0 + offset
    return PhaseReport(
        test,
        "call",
        failed or bool(error),
        error,
        start,
        start + 3.0,
        tuple(
            CheckRecord(check, pod or pod_record(check.manifest), test, failed) for check in checks
        ),
    )


def unchecked(pod, containers, reason, *, failed=False, test="tests/test_it.py::test_it"):
    """Return the report of a promise that was not checked, because it was skipped or failed."""
    verdict = {"verdict": UNKNOWN, "seconds": 0.0, "method": "", "lines": (), "headline": reason}
    check = held(containers, manifest=pod.manifest, pod="", **verdict)
    record = CheckRecord(check, pod, test, failed, "" if failed else reason, is_checked=False)
    return PhaseReport(test, "setup", failed, "", 1793000000.0, 1793000000.1, (record,))


def records(*checks, **fields):
    """Return the records of these checks."""
    return phase(*checks, **fields).checks


# six containers, eight volumes, long paths: a hard case for a diagram
_DATA, _HTML, _CACHE, _SOCKETS, _LOGS = "shared-data", "html", "cache-of-a-long-name", "run", "logs"
CROWDED = Wiring(
    (
        ContainerSpec(
            "fix-permissions",
            "init",
            (
                VolumeMount(_DATA, "/pod-data"),
                VolumeMount(
                    "claim", "/var/lib/postgresql/data/pgdata-with-a-long-path/and/more/of/it"
                ),
            ),
        ),
        ContainerSpec(
            "agent",
            "sidecar",
            (
                VolumeMount(_LOGS, "/var/log/of/this/node", read_only=True),
                VolumeMount(_SOCKETS, "/run/agent"),
            ),
        ),
        ContainerSpec(
            "app",
            "container",
            (
                VolumeMount(_DATA, "/srv/data", "out"),
                VolumeMount(_HTML, "/usr/share/nginx/html"),
                VolumeMount("config", "/etc/app/settings.yaml", "settings.yaml", read_only=True),
                VolumeMount(_SOCKETS, "/run/app"),
                VolumeMount(_CACHE, "/var/cache/app"),
            ),
        ),
        ContainerSpec(
            "nginx",
            "container",
            (
                VolumeMount(_HTML, "/usr/share/nginx/html", read_only=True),
                VolumeMount("tls", "/etc/nginx/tls", read_only=True),
                VolumeMount(
                    "config", "/etc/nginx/conf.d/default.conf", "nginx.conf", read_only=True
                ),
                VolumeMount(_LOGS, "/var/log/nginx"),
            ),
        ),
        ContainerSpec(
            "debian",
            "container",
            (
                VolumeMount(_DATA, "/pod-data", "in"),
                VolumeMount(
                    "claim",
                    "/backup/on/and/on/until/it/does/not/fit/any/more",
                    "a/b",
                    read_only=True,
                ),
            ),
        ),
        ContainerSpec(
            "exporter",
            "container",
            (VolumeMount(_CACHE, "/cache", read_only=True), VolumeMount(_SOCKETS, "/run/exporter")),
        ),
    ),
    (
        VolumeSpec(_DATA, "emptyDir"),
        VolumeSpec(_HTML, "emptyDir", "Memory", "64Mi"),
        VolumeSpec(_CACHE, "emptyDir", "Memory", "10Mi"),
        VolumeSpec("config", "configMap", source="web-settings"),
        VolumeSpec("tls", "secret", source="web-tls"),
        VolumeSpec("claim", "persistentVolumeClaim", source="data-web-0"),
        VolumeSpec(_SOCKETS, "emptyDir", "Memory"),
        VolumeSpec(_LOGS, "hostPath"),
    ),
)


def crowded():
    """Return the report of a Pod with many mounts, with a check of every verdict."""
    manifest = "manifests/web.yaml"
    at = "manifests/web.yaml:41"
    return phase(
        held("app→nginx", (_HTML,), manifest=manifest),
        broken(manifest=manifest, at=at),
        broken(
            "exporter",
            (_SOCKETS,),
            1.2,
            manifest=manifest,
            assertion="assert_read_only",
            verdict="unknown",
            cause="tool missing",
            headline="The image of exporter has no cat.",
            facts=(Fact("", "Use an image with cat."),),
        ),
        test="tests/test_web.py::test_web",
        pod=pod_record(manifest, CROWDED, template="Deployment/web"),
    )


def many(count):
    """Return the reports of that many tests with a check each, three of each manifest."""
    return [
        phase(
            held(manifest=f"manifests/number-{number // 3}.yaml"),
            test=f"tests/test_it.py::test_{number}",
            offset=number,
        )
        for number in range(count)
    ]


_SCRIPT = "document.title='hostile'"
HOSTILE = f'<script>{_SCRIPT}</script><img src=x onerror="{_SCRIPT}">\x1b[31m\'"&'


def hostile():
    """Return reports in which every text from outside tries to run a script."""
    wiring = Wiring(
        (ContainerSpec(HOSTILE, "container", (VolumeMount(HOSTILE, "/" + HOSTILE, HOSTILE),)),),
        (VolumeSpec(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
    )
    fields = dict.fromkeys(("assertion", "manifest", "pod", "cause", "at"), HOSTILE)
    facts = (Fact("why", HOSTILE), Fact(HOSTILE, HOSTILE), Fact("", HOSTILE))
    bad = broken(HOSTILE, (HOSTILE,), headline=HOSTILE, facts=facts, **fields)
    lines = (Step(*(HOSTILE,) * 4, 1, HOSTILE, 0.1), Note(HOSTILE, 0.1))
    good = held(headline=HOSTILE, method=HOSTILE, lines=lines)
    pod = PodRecord(
        HOSTILE,
        HOSTILE,
        wiring,
        HOSTILE,
        HOSTILE,
        ClusterRecord(HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        HOSTILE,
    )
    return [
        phase(bad, test=HOSTILE, pod=pod),
        phase(good, test=HOSTILE, pod=pod),
        phase(test=HOSTILE, error=HOSTILE),
    ]
