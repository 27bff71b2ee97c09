"""Writes about bets: each one transaction, each checked."""
