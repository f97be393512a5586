"""Terms of a loan: allowances as collateral with their margin calls, label, KPIs and margin."""
