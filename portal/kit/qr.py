"""QR codes as pictures inside a page."""

import segno
from django.utils.safestring import SafeString, mark_safe

# Modules of white on every side. ISO/IEC 18004, 6.3.8 asks for four; with fewer some cameras find no code.
QUIET_ZONE = 4


def qr_svg(address: str, *, correction: str = "m") -> SafeString:
    """The SVG of a QR code that holds an address of ours; it takes the width that its place gives it.

    `correction` is the level of error correction: `l` for a long address that is shown on a bright screen at
    once, `m` where a photograph of the screen may have glare.
    """
    drawn = segno.make_qr(address, error=correction).svg_inline(border=QUIET_ZONE, omitsize=True)
    return mark_safe(drawn)  # noqa: S308  drawn by segno from our own address
