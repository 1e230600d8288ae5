"""How fast it is, measured on this machine, beside what others need for the same."""
