"""Liveness: a challenge drawn by the server (`challenge`), and the decision about the clip that answers it (`decision`).

Nothing is imported here: who only draws challenges, as the web processes do, must not load OpenCV.
"""
