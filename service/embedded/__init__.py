"""What carbon costs the products of a chain, own site and upstream."""
