"""Pages about bets and what came of them."""
