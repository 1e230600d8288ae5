"""What a cluster can do, found out when it is needed."""
