"""What a cluster can do, checked on the cluster itself when first needed."""
