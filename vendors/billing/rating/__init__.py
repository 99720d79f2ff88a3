"""What usage costs: periods, prices, rating and the draft of an invoice. Pure: no database, no clock, no framework."""
