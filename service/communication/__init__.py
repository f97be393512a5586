"""The communication workbook of the Commission, read and filled, and the report of the operator."""
