"""The allowance account of an installation and its position in a compliance year."""
