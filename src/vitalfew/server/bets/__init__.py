"""What we bet and what came of it: ledger, features, initiatives, hypotheses, experiments, decisions."""
