"""A block device in two containers."""

import pytest

from pytest_podshare import assert_device_shared
from tests.cluster.test_soundness import with_device
from tests.support.block_claim import block_claim


def test_two_containers_share_a_block_device_and_keep_its_content(podshare):
    """What was on it before is restored; a block beyond its end is reported."""
    arguments = {"from_c": "c1", "to_c": "c2", "volume": "v"}
    with block_claim(podshare) as claim:
        pod = podshare.deploy({"kind": "List", "items": [claim, with_device()]})
        fill = ["sh", "-c", "yes before | dd of=/dev/v bs=512 count=64 conv=notrunc,fsync"]
        assert pod["c1"].exec(fill).returncode == 0
        digest = ["sh", "-c", "sha256sum < /dev/v"]
        before = pod["c2"].exec(digest).stdout

        evidence = assert_device_shared(pod, **arguments, offset=4096)

        assert [step.action for step in evidence.steps] == ["wrote", "saw"]
        assert len({step.sha256 for step in evidence.steps}) == 1
        assert pod["c2"].exec(digest).stdout == before
        with pytest.raises(AssertionError, match="beyond the end of the device"):
            assert_device_shared(pod, **arguments, offset=2**30)
        with pytest.raises(ValueError, match="offset=100 is not a multiple of 512"):
            assert_device_shared(pod, **arguments, offset=100)
