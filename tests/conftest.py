"""What every test may use."""

pytest_plugins = ["pytester", "tests.support.flaky.plugin", "tests.support.run_order"]
