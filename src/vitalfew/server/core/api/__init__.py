"""What every operation of the HTTP API rests on: who asks, problems, pages of lists, versions, repeated requests."""
