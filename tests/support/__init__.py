"""What tests share: fakes, servers with faults, manifests, programs, pytest plugins; no tests."""
