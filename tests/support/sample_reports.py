"""Invented runs, in the form in which reports receive them."""

import dataclasses

from pytest_podshare.pods.evidence import BROKEN, HELD, Check
from pytest_podshare.report.shown import ShownCheck, ShownCluster, ShownPod, Told
from pytest_podshare.wiring.model import Container, Mount, Volume, Wiring

CLUSTER = ShownCluster("kind", "podshare", "https://127.0.0.1:36415", "v1.36.3")
SHAREVOL = Wiring(
    (
        Container("c1", "container", (Mount("xchange", "/tmp/xchange"),)),
        Container("c2", "container", (Mount("xchange", "/tmp/data"),)),
    ),
    (Volume("xchange", "emptyDir"),),
)
EVIDENCE = """\
c2 sees what c1 wrote to xchange  (114.5 ms, sh in each container over one exec session)
  c1 wrote /tmp/xchange/podshare-34f65f6c219d1c6c  64 bytes  sha256 6584c2be…  1.9 ms
  c2 saw   /tmp/data/podshare-34f65f6c219d1c6c  64 bytes  sha256 6584c2be…  1.7 ms"""
FAILURE = """\
'debian' does not see what 'app' wrote in volume 'shared-data'
  expected  app:/srv/data/podshare-8afd4e3af14b62fe  64 bytes  sha256 e7ded1b6…
  got       debian:/pod-data/podshare-8afd4e3af14b62fe  missing  (for 30 s)
  mounts    app has shared-data at /srv/data (subPath=out); debian at /pod-data (subPath=in)
  why       different subPath: app mounts the folder 'out' of the volume, debian the folder 'in'
  to do     Give both mounts the same subPath. (manifests/web.yaml:41)
  pod       podshare-59ccca9b-8526/web"""


def pod(manifest="manifests/sharevol.yaml", wiring=SHAREVOL, **facts):
    """A Pod of two containers that exchange files."""
    shown = ShownPod(manifest, "Pod", "podshare-1a2b-3c4d/sharevol", "worker", wiring, CLUSTER)
    return dataclasses.replace(shown, **facts)


def held(containers="c1→c2", volumes=("xchange",), seconds=0.114, **facts):
    """A check that held."""
    check = Check(
        assertion="assert_file_visible",
        manifest="manifests/sharevol.yaml",
        pod="podshare-1a2b-3c4d/sharevol",
        containers=containers,
        volumes=volumes,
        verdict=HELD,
        seconds=seconds,
        text=EVIDENCE,
    )
    return dataclasses.replace(check, **facts)


def broken(containers="app→debian", volumes=("shared-data",), seconds=30.2, **facts):
    """A check that did not."""
    given = {"verdict": BROKEN, "text": FAILURE, "cause": "different subPath"}
    return held(containers, volumes, seconds, **{**given, **facts})


def told(*checks, test="tests/test_it.py::test_it", on=None, failed=None, error="", at=0.0):
    """What a test told that made these checks; it failed if one of them is broken."""
    failed = any(check.verdict != HELD for check in checks) if failed is None else failed
    shown = tuple(ShownCheck(check, on or pod(check.manifest), test, failed) for check in checks)
    start = 1793000000.0 + at
    return Told(test, "call", failed or bool(error), error, start, start + 3.0, shown)


def shown(*checks, **facts):
    """The same, as checks alone."""
    return told(*checks, **facts).checks


# six containers, eight volumes, long paths: what a drawing has to bear
_DATA, _HTML, _CACHE, _SOCKETS, _LOGS = "shared-data", "html", "cache-of-a-long-name", "run", "logs"
CROWDED = Wiring(
    (
        Container(
            "fix-permissions",
            "init",
            (
                Mount(_DATA, "/pod-data"),
                Mount("claim", "/var/lib/postgresql/data/pgdata-with-a-long-path/and/more/of/it"),
            ),
        ),
        Container(
            "agent",
            "sidecar",
            (Mount(_LOGS, "/var/log/of/this/node", read_only=True), Mount(_SOCKETS, "/run/agent")),
        ),
        Container(
            "app",
            "container",
            (
                Mount(_DATA, "/srv/data", "out"),
                Mount(_HTML, "/usr/share/nginx/html"),
                Mount("config", "/etc/app/settings.yaml", "settings.yaml", read_only=True),
                Mount(_SOCKETS, "/run/app"),
                Mount(_CACHE, "/var/cache/app"),
            ),
        ),
        Container(
            "nginx",
            "container",
            (
                Mount(_HTML, "/usr/share/nginx/html", read_only=True),
                Mount("tls", "/etc/nginx/tls", read_only=True),
                Mount("config", "/etc/nginx/conf.d/default.conf", "nginx.conf", read_only=True),
                Mount(_LOGS, "/var/log/nginx"),
            ),
        ),
        Container(
            "debian",
            "container",
            (
                Mount(_DATA, "/pod-data", "in"),
                Mount(
                    "claim",
                    "/backup/on/and/on/until/it/does/not/fit/any/more",
                    "a/b",
                    read_only=True,
                ),
            ),
        ),
        Container(
            "exporter",
            "container",
            (Mount(_CACHE, "/cache", read_only=True), Mount(_SOCKETS, "/run/exporter")),
        ),
    ),
    (
        Volume(_DATA, "emptyDir"),
        Volume(_HTML, "emptyDir", "Memory", "64Mi"),
        Volume(_CACHE, "emptyDir", "Memory", "10Mi"),
        Volume("config", "configMap", source="web-settings"),
        Volume("tls", "secret", source="web-tls"),
        Volume("claim", "persistentVolumeClaim", source="data-web-0"),
        Volume(_SOCKETS, "emptyDir", "Memory"),
        Volume(_LOGS, "hostPath"),
    ),
)


def crowded():
    """A Pod that bears a lot, with a check of every verdict."""
    manifest = "manifests/web.yaml"
    at = "manifests/web.yaml:41"
    return told(
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
            text="The image of exporter has no cat.\nUse an image that has one.",
        ),
        test="tests/test_web.py::test_web",
        on=pod(manifest, CROWDED, kind="Deployment"),
    )


def many(count):
    """As many checks, three of each manifest, in as many tests."""
    return [
        told(
            held(manifest=f"manifests/number-{number // 3}.yaml"),
            test=f"tests/test_it.py::test_{number}",
            at=number,
        )
        for number in range(count)
    ]


_TRY = "document.title='hostile'"
HOSTILE = f'<script>{_TRY}</script><img src=x onerror="{_TRY}">\x1b[31m\'"&'


def hostile():
    """A run in which every text that can come from elsewhere tries to run a script."""
    wiring = Wiring(
        (Container(HOSTILE, "container", (Mount(HOSTILE, "/" + HOSTILE, HOSTILE),)),),
        (Volume(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
    )
    facts = dict.fromkeys(("assertion", "manifest", "pod", "cause", "at"), HOSTILE)
    check = broken(HOSTILE, (HOSTILE,), text=f"{HOSTILE}\n  why  {HOSTILE}\n{HOSTILE}", **facts)
    on = ShownPod(
        HOSTILE,
        HOSTILE,
        HOSTILE,
        HOSTILE,
        wiring,
        ShownCluster(HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        HOSTILE,
    )
    return [
        told(check, test=HOSTILE, on=on),
        told(held(text=f"{HOSTILE}\n  {HOSTILE}  1.0 ms"), test=HOSTILE, on=on),
        told(test=HOSTILE, error=HOSTILE),
    ]
