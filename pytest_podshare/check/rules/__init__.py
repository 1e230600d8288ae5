"""What can be wrong with a Pod's wiring, judged from the manifest alone.

One module per topic, one function per rule. Rules read the model and the template, never a Pod
spec; they touch no file, no clock and no cluster.
"""

from pytest_podshare.check.rules.finding import SEVERITIES, Finding, Rule, Severity
from pytest_podshare.check.rules.registry import ALL, BY_ID, check, known

__all__ = ["ALL", "BY_ID", "SEVERITIES", "Finding", "Rule", "Severity", "check", "known"]
