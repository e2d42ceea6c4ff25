"""A newsroom's weekly digest, from the wire to the inbox."""
