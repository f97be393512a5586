"""Product footprints: worked out, compared between methods, checked against reports."""
