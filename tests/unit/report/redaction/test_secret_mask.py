"""Secrets never appear, and what is none is left to be read."""

import base64
import dataclasses
import json
import re
import time
from pathlib import Path

import pytest
import yaml

from pytest_podshare.report.redaction import patterns, secret_mask
from pytest_podshare.report.redaction.secret_mask import Mask

GOLDEN = sorted(Path(__file__).parents[3].glob("cluster/broken/golden/*.txt"))
KEY_LINE = "MIIEowIBAAKCAQEAq4/abc+" + "x" * 41
KEY = f"""-----BEGIN RSA PRIVATE KEY-----
{KEY_LINE}
{KEY_LINE}
{KEY_LINE}
-----END RSA PRIVATE KEY-----"""
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJl-_x"
WORD = "correct-horse-battery"


def encoded(value):
    """As a Secret holds it."""
    return base64.b64encode(value.encode()).decode()


def secret(**data):
    """A Secret, as the API server gives it."""
    return {"kind": "Secret", "data": {key: encoded(value) for key, value in data.items()}}


def pod(*env, name="app", **container):
    """A Pod of one container."""
    container = {"name": name, "image": "busybox:1.36", "env": list(env), **container}
    return {"kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [container]}}


def known(*values):
    """A mask of these values alone."""
    return Mask(values)


@pytest.mark.parametrize(
    "shown",
    [
        WORD,
        encoded(WORD),
        encoded("user:" + WORD)[8:],
        base64.urlsafe_b64encode(WORD.encode()).decode(),
        f"postgres://app:{WORD}@db:5432/app",
        f"+ curl -u app:{WORD}",
        f"x{WORD}x",
        json.dumps({"x": WORD}),
    ],
)
def test_a_known_value_is_hidden_however_it_is_written(shown):
    """As it is, in base64, in an address, within other words."""
    text = known(WORD).text(f"before {shown} after")

    assert WORD not in text
    assert encoded(WORD)[:-4] not in text
    assert text.startswith("before ")
    assert text.endswith(" after")


def test_a_value_that_needs_escaping_is_found_escaped():
    """In JSON, in Python's own writing, and in addresses."""
    value = 'p"w\\d/ü? x'
    shown = [json.dumps(value), json.dumps(value, ensure_ascii=False), repr(value)]
    shown += ["p%22w%5Cd%2F%C3%BC%3F%20x", "p%22w%5Cd%2F%C3%BC%3F+x"]

    texts = [known(value).text(f"<{each}>") for each in shown]

    assert texts == ['<"(hidden)">', '<"(hidden)">', "<'(hidden)'>", "<(hidden)>", "<(hidden)>"]


def test_every_line_of_a_value_of_several_lines_is_hidden():
    """A container prints it line by line, each with a time before it; YAML indents it."""
    value = f"first-line-of-it\nsecond line of it\n{WORD}"
    log = "\n".join(f"2026-11-21 INFO {line}" for line in value.splitlines())

    assert known(value).text(log) == "\n".join(["2026-11-21 INFO (hidden)"] * 3)
    assert "line" not in known(value).text(json.dumps({"x": value}))
    assert "line" not in known(value).text(yaml.safe_dump({"x": value}))


def test_passwords_within_a_value_are_values_too():
    """A Secret may be a whole file of settings, in several forms."""
    value = f'db.host=db\ndb.password={WORD}\n{{"auth": "s3same-open"}}\namqp://u:r4bbit-hole@mq/'

    text = known(value).text(f"connected with {WORD}, s3same-open and r4bbit-hole to db")

    assert text == "connected with (hidden), (hidden) and (hidden) to db"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"the last '{WORD[:12]}", "the last '(hidden)"),
        (f"{WORD[:15]}...", "(hidden)..."),
        (f"so far '{WORD[9:]}'", "so far '(hidden)'"),
        # what only begins alike was not cut, and is something else
        ("correct-horse-race", "correct-horse-race"),
        ("a mobile-battery", "a mobile-battery"),
    ],
)
def test_a_value_that_was_cut_is_hidden_from_half_of_it_on(text, expected):
    """A text that is cut to a length may end within a secret."""
    assert known(WORD).text(text) == expected


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        # hiding it would hide every a
        ("a", "a b a", "a b a"),
        ("abc", "abc", "abc"),
        # words of their own
        ("1234", "pin 1234, port 12345, 'x_1234'", "pin (hidden), port 12345, 'x_(hidden)'"),
        ("admin", "admin: no administrator", "(hidden): no administrator"),
        # from six characters on, within words
        ("hunter2", "xhunter2x", "x(hidden)x"),
        ("true", "ready: true", "ready: true"),
        ("https", "https://x", "https://x"),
    ],
)
def test_short_values_do_not_destroy_the_text(value, text, expected):
    """Under four characters they are not looked for, under six as words of their own."""
    assert known(value).text(text) == expected


def test_a_short_value_is_hidden_where_it_stands_as_one():
    """It is not looked for elsewhere."""
    shown = known().data([secret(pin="1"), pod({"name": "PIN_TOKEN", "value": "1"})])

    assert shown[0]["data"] == {"pin": "(hidden)"}
    assert shown[1]["spec"]["containers"][0]["env"] == [{"name": "PIN_TOKEN", "value": "(hidden)"}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PASSWORD=x y", "PASSWORD=(hidden) y"),
        ("export DB_PASSWORD='a b'; run", "export DB_PASSWORD=(hidden); run"),
        ("--password=abc --verbose", "--password=(hidden) --verbose"),
        ("--token abc --verbose", "--token (hidden) --verbose"),
        ("-requirepass abc", "-requirepass abc"),
        ("GET /x?access_token=abc&page=2", "GET /x?access_token=(hidden)&page=2"),
        ('{"password": "a\\"b", "page": 2}', '{"password": (hidden), "page": 2}'),
        ('"{\\"api_key\\": \\"abc\\"}"', '"{\\"api_key\\": (hidden)}"'),
        ("{'key': 'abc'}", "{'key': (hidden)}"),
        ('password = "abc"', "password = (hidden)"),
        ('password="abc was cut', "password=(hidden)"),
        ("password: correct", "password: (hidden)"),
        ("client-secret: s3same", "client-secret: (hidden)"),
        ("name: MY_TOKEN\n  value: abc", "name: MY_TOKEN\n  value: (hidden)"),
        ("map[password:abc user:x]", "map[password:(hidden) user:x]"),
        ("postgres://app:p@/w@db:5432/x", "postgres://app:(hidden)@db:5432/x"),
        ("redis://:abc@redis", "redis://:(hidden)@redis"),
        ("Authorization: Bearer abc", "Authorization: Bearer (hidden)"),
        ("authorization: Token abc", "authorization: Token (hidden)"),
        ("bearer abc.def-123", "bearer (hidden)"),
        (f"Basic {encoded('user:password')}", "Basic (hidden)"),
        (f"got {JWT}.", "got (hidden)"),
        (f"got {JWT[:30]}", "got (hidden)"),
        (f"a\n{KEY}\nb", "a\n(hidden)\nb"),
        ("a\n" + KEY[:150], "a\n(hidden)"),
        ("a\n" + KEY[40:] + "\nb", "a\n(hidden)\nb"),
        ("ghp_" + "a1B2" * 9, "(hidden)"),
        ("AKIAIOSFODNN7EXAMPLE", "(hidden)"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text, expected):
    """Though nobody has said that it is one."""
    assert Mask().text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'MountVolume.SetUp failed for volume "token" : secret "db-password" not found',
        "couldn't find key password in Secret ns/db",
        "references non-existent secret key: password",
        "failed to fetch token: unauthorized",
        "TOKEN_FILE=/var/run/secrets/token",
        "/var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-x7k2p (ro)",
        "bearer authentication, basic authentication and basic rate-limiting",
        "monkey=1 keycloak=2 tokenizer",
        "http://127.0.0.1:8080/x@y and ssh://git@host/x and 10:20@x",
        "c2:/tmp/data/f  5 bytes  sha256 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e7304336",
        "containerd://0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "36 35 0:52 / /cache rw,relatime - tmpfs tmpfs rw,size=65536k,inode64",
        "assert token == other_token",
    ],
)
def test_what_only_sounds_like_a_secret_is_left_to_be_read(text):
    """Kubernetes talks of secrets, tokens and keys without showing any."""
    assert Mask().text(text) == text


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.stem)
def test_no_failure_of_ours_sounds_like_a_secret(golden):
    """Whoever reads why something failed reads all of it."""
    assert Mask().text(golden.read_text()) == golden.read_text()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, True) for name in ("DB_PASSWORD", "PGPASSWORD", "apiKey", "--token", "KEY")),
        *((name, True) for name in ("MYSQL_PWD", "SIGNING_KEY", "clientSecret", "tls.key")),
        *((name, False) for name in ("MONKEY", "KEYCLOAK_URL", "HOME", "PASSWORD_FILE")),
        *((name, False) for name in ("AUTHOR", "PASSENGERS", "SECRET_NAME", "tokenPath")),
    ],
)
def test_names_that_smell_of_a_secret(name, expected):
    """As whole words, or anywhere in the name if they mean nothing else."""
    assert patterns.is_secret_name(name) is expected


def test_what_is_hidden_stays_as_it_is():
    """A text may pass twice, and a secret may be the very word."""
    text = f"a {WORD} PASSWORD=x password: y Bearer ab.c-123 postgres://u:p@h"
    mask = known(WORD, "hidden", "(hid")

    once = mask.text(text)

    assert mask.text(once) == once
    assert once.count("(hidden)") == 5


def test_data_is_masked_within_its_structure():
    """Lists, dicts and records are copied, and keep all that is not secret."""

    @dataclasses.dataclass
    class Record:
        lines: list
        crash: tuple
        number: int = 3

    given = Record([f"E  {WORD}"], ("password", "'x'"))

    shown = known(WORD).data(given)

    assert shown == Record(["E  (hidden)"], ("password", "(hidden)"))
    assert given.lines == [f"E  {WORD}"]


def test_a_pod_is_masked_and_can_still_be_read():
    """Variables, options, headers, and what kubectl has written into an annotation."""
    given = pod(
        {"name": "DB_PASSWORD", "value": "x"},
        {"name": "LEVEL", "value": "debug"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
        command=["run", "--api-key", "abc", "--level", "debug", f"postgres://u:{WORD}@db"],
        readinessProbe={"httpGet": {"httpHeaders": [{"name": "Authorization", "value": "abc"}]}},
    )
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    given["metadata"]["annotations"] = {applied: json.dumps(given), "team": "a"}

    shown = Mask().data(given)

    assert shown["metadata"]["annotations"] == {applied: "(hidden)", "team": "a"}
    container = shown["spec"]["containers"][0]
    assert container["env"] == [
        {"name": "DB_PASSWORD", "value": "(hidden)"},
        {"name": "LEVEL", "value": "debug"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
    ]
    assert container["command"] == [
        *("run", "--api-key", "(hidden)", "--level", "debug"),
        "postgres://u:(hidden)@db",
    ]
    assert container["readinessProbe"]["httpGet"]["httpHeaders"][0]["value"] == "(hidden)"


def test_the_values_of_secrets_and_pods_are_known():
    """Of data in base64, of stringData, of variables, options and addresses."""
    given = {**secret(a=WORD), "stringData": {"b": "plain-one"}}
    container = pod(
        {"name": "X_TOKEN", "value": "from-env"},
        {"name": "LEVEL", "value": "debug"},
        args=["--password", "from-args", "amqp://u:from-address@mq"],
    )

    values = set(secret_mask.values([given], [container]))

    assert values == {WORD, encoded(WORD), "plain-one", "from-env", "from-args", "from-address"}


def test_a_secret_that_is_a_name_of_the_pod_hides_it_only_if_its_key_smells():
    """A user may be called as its container is; a password that is, is hidden all the same."""
    container = pod(volumeMounts=[{"name": "v", "mountPath": "/srv/worker"}], name="worker")

    assert list(secret_mask.values([secret(user="worker")], [container])) == [encoded("worker")]
    assert "worker" in set(secret_mask.values([secret(password="worker")], [container]))


def test_a_variable_of_the_shell_is_no_secret():
    """Nor is a name of the Pod's own; both would be hidden wherever they stand."""
    container = pod(
        {"name": "TOKEN_STORE", "value": "app"},
        args=["sh", "-c", 'PASSWORD="$DB_PASSWORD" TOKEN=$(cat /token) KEY_X=${K} A_KEY=real-one'],
    )

    assert list(secret_mask.values([], [container])) == ["real-one"]


def test_binary_values_are_hidden_in_base64():
    """They are no text, and no error either."""
    given = {"kind": "Secret", "data": {"blob": base64.b64encode(bytes(range(256))).decode()}}

    mask = Mask(secret_mask.values([given, {"data": {"bad": "no base64"}}, {}], []))

    assert mask.text(f"x {given['data']['blob']} y") == "x (hidden) y"


@pytest.mark.slow
def test_a_megabyte_takes_no_longer_than_diagnostics_may():
    """Also of text that is all words which begin like a secret."""
    values = [f"{WORD}-{number}" for number in range(100)]
    lines = [
        "token token: secret.key --password -----BEGIN eyJ " + "a" * 200,
        "x" * 2000,
        "= " * 50,
    ]
    text = "\n".join(lines * 500)[: 2**20]
    begun = time.process_time()

    Mask(values).text(text)

    assert time.process_time() - begun < 5
    assert not re.search(WORD, Mask(values).text(text + values[3]))
