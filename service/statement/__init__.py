"""Carbon cost statements: made, signed, handed on, checked, taken back, and brought in by the customer."""
