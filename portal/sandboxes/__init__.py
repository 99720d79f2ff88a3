"""Programs that pretend to be somebody else's service. They import nothing of the product and say what they are."""
