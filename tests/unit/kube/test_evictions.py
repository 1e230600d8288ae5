"""How an eviction is recognised, and what the kubelet's words say that the Pod exceeded.

The messages are those of pkg/kubelet/eviction/helpers.go and eviction_manager.go in Kubernetes;
each ends with a space there.
"""

from types import SimpleNamespace

import pytest

from pytest_podshare import errors
from pytest_podshare.kube import evictions
from tests.support.kubelet_events import evicted_event

VOLUME = 'Usage of EmptyDir volume "work" exceeds the limit "1Mi". '


@pytest.mark.parametrize(
    ("message", "limited", "name", "limit", "why"),
    [
        # emptyDirMessageFmt, in emptyDirLimitEviction
        (VOLUME, "volume", "work", "1Mi", "volume work exceeded its sizeLimit of 1Mi"),
        # containerEphemeralStorageMessageFmt, in containerEphemeralStorageLimitEviction
        ('Container app exceeded its local ephemeral storage limit "2Mi". ',
         "container", "app", "2Mi", "container app exceeded its ephemeral-storage limit of 2Mi"),
        # podEphemeralStorageMessageFmt, in podEphemeralStorageLimitEviction
        ("Pod ephemeral local storage usage exceeds the total limit of containers 300Mi. ",
         "pod", "", "300Mi",
         "it exceeded the ephemeral-storage limits of its containers, in total 300Mi"),
        ("Pod ephemeral local storage usage exceeds the total limit of containers 1.5G. ",
         "pod", "", "1.5G",
         "it exceeded the ephemeral-storage limits of its containers, in total 1.5G"),
        # nodeLowMessageFmt, thresholdMetMessageFmt and containerMessageFmt, in evictionMessage
        ("The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available:"
         " 9Gi. Container app was using 16Ki, request is 0, has larger consumption of"
         " ephemeral-storage. ",
         "node", "ephemeral-storage", "", "its node lacked a resource (ephemeral-storage)"),
        ("The node was low on resource: memory. ",
         "node", "memory", "", "its node lacked a resource (memory)"),
        # nodeConditionMessageFmt, in Admit
        ("The node had condition: [DiskPressure]. ",
         "node", "[DiskPressure]", "", "its node lacked a resource ([DiskPressure])"),
        # words of another version
        ("Something else was exceeded.", "", "", "", "it exceeded a limit"),
        ("", "", "", "", "it exceeded a limit"),
    ],
)  # fmt: skip
def test_the_kubelets_words_say_whose_limit_it_was(message, limited, name, limit, why):
    """Each has a remedy of its own, which names what to change."""
    eviction = evictions.parse_message(message)

    assert (eviction.limited, eviction.name, eviction.limit) == (limited, name, limit)
    assert (eviction.message, eviction.why) == (message.strip(), why)
    assert all(word in eviction.remedy for word in (limited != "node" and name, limit) if word)


def test_each_kind_of_limit_has_its_own_remedy():
    """The message of a container's limit is not answered with the volume's."""
    kinds = ["volume", "container", "pod", "node", ""]

    assert len({evictions.Eviction("m", kind, "n", "1Mi").remedy for kind in kinds}) == 5


def served(*events, error=None):
    """Return an API server with those Events, which records the requests."""
    requests = []

    def get(path, **query):
        requests.append((path, query["fieldSelector"]))
        if error is not None:
            raise error
        return {"items": list(events)}

    return SimpleNamespace(get=get, requests=requests)


def raw(*, uid="u", **status):
    """Return a Pod as the API server returns it."""
    return {"metadata": {"name": "p", "uid": uid}, "status": status}


BY_STATUS = raw(phase="Failed", reason="Evicted", message=VOLUME)


@pytest.mark.parametrize("pod", [raw(phase="Succeeded"), raw(uid="other"), None])
def test_an_event_tells_without_the_status(pod):
    """The Pod has ended without a reason, or it is gone."""
    api = served(evicted_event(VOLUME.strip()))

    assert evictions.find_eviction(api, "ns", "u", pod).name == "work"
    selector = "involvedObject.uid=u,reason=Evicted"
    assert api.requests == [("/api/v1/namespaces/ns/events", selector)]


def test_the_status_needs_no_request():
    """It quotes the same words."""
    api = served()

    assert evictions.find_eviction(api, "ns", "u", BY_STATUS).name == "work"
    assert api.requests == []


@pytest.mark.parametrize(
    "api",
    [
        served(),
        # Karpenter and others record Events of this reason about Pods that they drain
        served(evicted_event("Evicted pod: Drift", component="karpenter")),
        served(error=errors.ApiError("no", "list", status=403, reason="Forbidden", details="")),
    ],
    ids=["no Event", "an Event of another component", "not allowed"],
)
@pytest.mark.parametrize("pod", [raw(phase="Succeeded"), raw(phase="Failed", reason="Error")])
def test_a_pod_that_ended_otherwise_is_not_evicted(api, pod):
    """The mutated twins: each lacks the Event of a kubelet."""
    assert evictions.find_eviction(api, "ns", "u", pod) is None


def test_another_pods_status_does_not_count():
    """A Pod of the same name, which was evicted later."""
    assert evictions.find_eviction(served(), "ns", "other", BY_STATUS) is None


def test_the_error_of_an_evicted_pod_quotes_the_kubelet():
    """And it says what to raise."""
    error = evictions.to_error("p", evictions.parse_message(VOLUME))

    assert error.eviction == VOLUME.strip()
    assert error.what == f"Pod p was evicted: {VOLUME.strip()}"
    assert "sizeLimit of volume work above 1Mi" in error.remedy
