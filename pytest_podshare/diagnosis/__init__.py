"""Why a promise is broken: what the live Pod says, and the first cause that holds.

Looks and never changes anything; decides no verdict, for that stands before anyone asks why.
"""
