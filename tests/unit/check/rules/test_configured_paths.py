"""The paths in configuration files of common programs."""

import pytest

from pytest_podshare.check.rules.configured_paths import ConfiguredPath, find_paths

FLUENT_BIT = "[INPUT]\n    Name {}\n    Path /var/log/a.log, /var/log/b/*.log\n    DB /var/db/pos\n"
TEXTS = {
    "nginx": (
        'server {\n  root /srv/www;\n  alias "/srv/more/";\n'
        "  access_log /var/log/nginx/a.log main;\n"
        "  error_log syslog:server=log;\n  location /api {\n    root $folder;\n  }\n}\n",
        {"/srv/www", "/srv/more/", "/var/log/nginx/a.log"},
    ),
    "Fluent Bit": (
        FLUENT_BIT.format("tail"),
        {"/var/log/a.log", "/var/log/b/*.log", "/var/db/pos"},
    ),
    "Fluent Bit without tail": (FLUENT_BIT.format("http"), set()),
    "Fluent Bit in YAML": (
        "pipeline:\n  inputs:\n    - name: tail\n      path: /logs/*.log\n",
        {"/logs/*.log"},
    ),
    "Fluentd": (
        "<source>\n  @type tail\n  path /logs/app.log\n  pos_file /logs/app.pos\n</source>\n",
        {"/logs/app.log", "/logs/app.pos"},
    ),
    "an HTTP path": ("routes:\n  - name: web\n    path: /api/v1\n", set()),
    "Promtail": ("labels:\n  job: web\n  __path__: /logs/*.log\n", {"/logs/*.log"}),
    "Filebeat": (
        "filebeat.inputs:\n- type: log\n  paths:\n    - /logs/*.log\n    - '/more/a.log'\n  x: 1\n",
        {"/logs/*.log", "/more/a.log"},
    ),
    "Vector": (
        '[sources.app]\ntype = "file"\ninclude = ["/logs/*.log", "/more/**/*.log"]\n',
        {"/logs/*.log", "/more/**/*.log"},
    ),
    "OpenTelemetry": ("filelog:\n  include: [ /logs/*.log ]\n", {"/logs/*.log"}),
    "logrotate": (
        "/logs/*.log /more/a.log {\n  daily\n  postrotate\n    kill /run/x.pid\n  endscript\n}\n",
        {"/logs/*.log", "/more/a.log"},
    ),
    "an include of a file": ("include = conf.d/other.conf\n", set()),
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_paths_of_a_program_are_found(name):
    """Other paths, such as those of URLs, are not."""
    text, expected = TEXTS[name]

    assert {path.path for path in find_paths(text)} == expected


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/logs/app.log", "/logs/app.log"),
        ("/logs/", "/logs"),
        ("/logs/*.log", "/logs"),
        ("/logs/pod-*/[ab]/x.log", "/logs"),
        ("/*.log", "/"),
    ],
)
def test_the_location_of_a_path_has_no_pattern(path, location):
    """All files that the path matches are in it."""
    assert ConfiguredPath(path, is_read=True).location == location


def test_a_program_finds_nothing_at_the_paths_that_it_reads():
    """What it creates itself may be in its own image."""
    reads = {path.path: path.is_read for path in find_paths(FLUENT_BIT.format("tail"))}

    assert reads == {"/var/log/a.log": True, "/var/log/b/*.log": True, "/var/db/pos": False}
