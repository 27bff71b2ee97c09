"""Reads about bets: what pages and the API ask for, as frozen values."""
