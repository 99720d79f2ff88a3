"""The staff side of recoveries: cases, reviews and profiles in the console."""
