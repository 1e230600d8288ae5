"""Why a promise is broken: facts from the live Pod, and the first cause that explains them.

Changes nothing in the cluster and decides no verdict: the verdict is known before this is called.
"""
