"""What people say: judgements become weights, forecasts become promises. Pure, but for `recording`."""
