"""Simulators of verification partners: one for each contract on the wire, a process each, with code of its own."""
