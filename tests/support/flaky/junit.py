"""JUnit XML in which a flaky test is not a failure, in the words of Maven Surefire.

`<flakyFailure>` is a failure of a test that passed then, `<rerunFailure>` the second one of a test
that did not.
"""

from xml.etree import ElementTree

_KINDS = {"failure": ("flakyFailure", "failures"), "error": ("flakyError", "errors")}


def amend(path, nodeid_property, problems):
    """Change the file.

    Args:
        path: the file.
        nodeid_property: the property that holds the node id of a case.
        problems: why each test did not pass when it was run alone, by node id; "" if it did.
    """
    tree = ElementTree.parse(path)
    for suite in tree.iter("testsuite"):
        for case in suite.iter("testcase"):
            for found in case.iter("property"):
                if found.get("name") == nodeid_property and found.get("value") in problems:
                    _amend_case(suite, case, problems[found.get("value")])
                    break
    tree.write(path, encoding="utf-8", xml_declaration=True)


def _amend_case(suite, case, problem):
    if problem:
        ElementTree.SubElement(case, "rerunFailure").text = problem
        return
    for element in case:
        if element.tag in _KINDS:
            element.tag, count = _KINDS[element.tag]
            suite.set(count, str(int(suite.get(count)) - 1))
