"""Secrets are hidden, and everything else stays readable."""

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
    """Return a value as it is stored in a Secret."""
    return base64.b64encode(value.encode()).decode()


def secret(**data):
    """Return a Secret from the API server."""
    return {"kind": "Secret", "data": {key: encoded(value) for key, value in data.items()}}


def pod(*env, name="app", **container):
    """Return a Pod with one container."""
    container = {"name": name, "image": "busybox:1.36", "env": list(env), **container}
    return {"kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [container]}}


def mask(*values):
    """Return a mask for these values."""
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
def test_a_known_value_is_hidden_in_every_form(shown):
    """It may be in base64, in a URL, or within a word."""
    text = mask(WORD).redact_text(f"before {shown} after")

    assert WORD not in text
    assert encoded(WORD)[:-4] not in text
    assert text.startswith("before ")
    assert text.endswith(" after")


def test_an_escaped_value_is_hidden():
    """JSON, Python and URLs escape in different ways."""
    value = 'p"w\\d/ü? x'
    shown = [json.dumps(value), json.dumps(value, ensure_ascii=False), repr(value)]
    shown += ["p%22w%5Cd%2F%C3%BC%3F%20x", "p%22w%5Cd%2F%C3%BC%3F+x"]

    texts = [mask(value).redact_text(f"<{text}>") for text in shown]

    assert texts == ['<"(hidden)">', '<"(hidden)">', "<'(hidden)'>", "<(hidden)>", "<(hidden)>"]


def test_every_line_of_a_multiline_value_is_hidden():
    """A log may put a time before each line, and YAML indents it."""
    value = f"first-line-of-it\nsecond line of it\n{WORD}"
    log = "\n".join(f"2026-11-21 INFO {line}" for line in value.splitlines())

    assert mask(value).redact_text(log) == "\n".join(["2026-11-21 INFO (hidden)"] * 3)
    assert "line" not in mask(value).redact_text(json.dumps({"x": value}))
    assert "line" not in mask(value).redact_text(yaml.safe_dump({"x": value}))


def test_passwords_inside_a_value_are_hidden():
    """A Secret may contain a whole configuration file."""
    value = f'db.host=db\ndb.password={WORD}\n{{"auth": "s3same-open"}}\namqp://u:r4bbit-hole@mq/'

    text = mask(value).redact_text(f"connected with {WORD}, s3same-open and r4bbit-hole to db")

    assert text == "connected with (hidden), (hidden) and (hidden) to db"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"the last '{WORD[:12]}", "the last '(hidden)"),
        (f"{WORD[:15]}...", "(hidden)..."),
        (f"so far '{WORD[9:]}'", "so far '(hidden)'"),
        # a different word with the same beginning
        ("correct-horse-race", "correct-horse-race"),
        ("a mobile-battery", "a mobile-battery"),
    ],
)
def test_a_truncated_value_is_hidden_from_half_its_length(text, expected):
    """A truncated text may end within a secret."""
    assert mask(WORD).redact_text(text) == expected


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        # hiding it would hide every letter a
        ("a", "a b a", "a b a"),
        ("abc", "abc", "abc"),
        # only as separate words
        ("1234", "pin 1234, port 12345, 'x_1234'", "pin (hidden), port 12345, 'x_(hidden)'"),
        ("admin", "admin: no administrator", "(hidden): no administrator"),
        # from six characters on, also within words
        ("hunter2", "xhunter2x", "x(hidden)x"),
        ("true", "ready: true", "ready: true"),
        ("https", "https://x", "https://x"),
    ],
)
def test_short_values_leave_the_text_readable(value, text, expected):
    """Values under four characters are not searched for, those under six only as words."""
    assert mask(value).redact_text(text) == expected


def test_a_short_value_is_hidden_in_its_own_field():
    """It is not searched for elsewhere."""
    shown = mask().redact([secret(pin="1"), pod({"name": "PIN_TOKEN", "value": "1"})])

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
    """It is not a known value."""
    assert Mask().redact_text(text) == expected


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
def test_text_about_secrets_stays_readable(text):
    """Kubernetes mentions secrets, tokens and keys without showing their values."""
    assert Mask().redact_text(text) == text


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.stem)
def test_failure_texts_stay_readable(golden):
    """Nothing in them looks like a secret."""
    assert Mask().redact_text(golden.read_text()) == golden.read_text()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, True) for name in ("DB_PASSWORD", "PGPASSWORD", "apiKey", "--token", "KEY")),
        *((name, True) for name in ("MYSQL_PWD", "SIGNING_KEY", "clientSecret", "tls.key")),
        *((name, False) for name in ("MONKEY", "KEYCLOAK_URL", "HOME", "PASSWORD_FILE")),
        *((name, False) for name in ("AUTHOR", "PASSENGERS", "SECRET_NAME", "tokenPath")),
    ],
)
def test_secret_names_are_recognized(name, expected):
    """Ambiguous words count only as separate words, others anywhere in the name."""
    assert patterns.is_secret_name(name) is expected


def test_redacted_text_can_be_redacted_again():
    """Even the word `hidden` may be a secret."""
    text = f"a {WORD} PASSWORD=x password: y Bearer ab.c-123 postgres://u:p@h"
    secrets = mask(WORD, "hidden", "(hid")

    once = secrets.redact_text(text)

    assert secrets.redact_text(once) == once
    assert once.count("(hidden)") == 5


def test_data_keeps_its_structure():
    """Lists, dicts and dataclasses are copied with everything that is not secret."""

    @dataclasses.dataclass
    class Record:
        lines: list
        crash: tuple
        number: int = 3

    original = Record([f"E  {WORD}"], ("password", "'x'"))

    redacted = mask(WORD).redact(original)

    assert redacted == Record(["E  (hidden)"], ("password", "(hidden)"))
    assert original.lines == [f"E  {WORD}"]


def test_a_redacted_pod_stays_readable():
    """Variables, options, headers and an annotation of kubectl may have secret values."""
    source = pod(
        {"name": "DB_PASSWORD", "value": "x"},
        {"name": "LEVEL", "value": "debug"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
        command=["run", "--api-key", "abc", "--level", "debug", f"postgres://u:{WORD}@db"],
        readinessProbe={"httpGet": {"httpHeaders": [{"name": "Authorization", "value": "abc"}]}},
    )
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    source["metadata"]["annotations"] = {applied: json.dumps(source), "team": "a"}

    shown = Mask().redact(source)

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


def test_the_values_in_secrets_and_pods_are_found():
    """They are in data, stringData, variables, options and URLs."""
    source = {**secret(a=WORD), "stringData": {"b": "plain-one"}}
    container = pod(
        {"name": "X_TOKEN", "value": "from-env"},
        {"name": "LEVEL", "value": "debug"},
        args=["--password", "from-args", "amqp://u:from-address@mq"],
    )

    values = set(secret_mask.find_secret_values([source], [container]))

    assert values == {WORD, encoded(WORD), "plain-one", "from-env", "from-args", "from-address"}


def test_a_name_of_the_pod_is_hidden_only_if_it_is_the_value_of_a_secret_name():
    """A user may have the name of its container; a password with that name is hidden."""
    container = pod(volumeMounts=[{"name": "v", "mountPath": "/srv/worker"}], name="worker")

    assert list(secret_mask.find_secret_values([secret(user="worker")], [container])) == [
        encoded("worker")
    ]
    assert "worker" in set(secret_mask.find_secret_values([secret(password="worker")], [container]))


def test_shell_variables_and_names_of_the_pod_are_not_secret():
    """They would be hidden everywhere otherwise."""
    container = pod(
        {"name": "TOKEN_STORE", "value": "app"},
        args=["sh", "-c", 'PASSWORD="$DB_PASSWORD" TOKEN=$(cat /token) KEY_X=${K} A_KEY=real-one'],
    )

    assert list(secret_mask.find_secret_values([], [container])) == ["real-one"]


def test_binary_values_are_hidden_in_base64():
    """Values that are not text cause no error."""
    source = {"kind": "Secret", "data": {"blob": base64.b64encode(bytes(range(256))).decode()}}

    secrets = Mask(secret_mask.find_secret_values([source, {"data": {"bad": "no base64"}}, {}], []))

    assert secrets.redact_text(f"x {source['data']['blob']} y") == "x (hidden) y"


@pytest.mark.slow
def test_a_megabyte_is_redacted_in_time():
    """The text consists of words that begin like a secret."""
    values = [f"{WORD}-{number}" for number in range(100)]
    lines = [
        "token token: secret.key --password -----BEGIN eyJ " + "a" * 200,
        "x" * 2000,
        "= " * 50,
    ]
    text = "\n".join(lines * 500)[: 2**20]
    start = time.process_time()

    Mask(values).redact_text(text)

    assert time.process_time() - start < 5
    assert not re.search(WORD, Mask(values).redact_text(text + values[3]))
