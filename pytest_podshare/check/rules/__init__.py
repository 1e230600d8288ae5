"""Rules for the wiring of a Pod, judged by its manifest alone.

One module per topic, one function per rule. Rules read the model and the template, never a Pod
spec; they use no file, no clock and no cluster.
"""

from pytest_podshare.check.rules.finding import SEVERITIES, Finding, Rule, Severity
from pytest_podshare.check.rules.rule_set import ALL, BY_ID, check, validate_ids

__all__ = ["ALL", "BY_ID", "SEVERITIES", "Finding", "Rule", "Severity", "check", "validate_ids"]
