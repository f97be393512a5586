"""The release log: everything that left an organisation, to whom, where to, on what basis, and the hash of it."""
