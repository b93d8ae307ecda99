"""A link on the one page that shows it: to copy, to scan, to print."""

from __future__ import annotations

import segno
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe

from training.accounts.invitations import Link, mail_link
from training.web.gate import WorkRequest


def show_link(request: WorkRequest, link: Link, *, back: str, again: str = "") -> HttpResponse:
    """`again` is where the next account is added."""
    drawn = segno.make(link.address, error="m", micro=False)
    qr = drawn.svg_inline(scale=5, border=4, dark="#000", light="#fff")
    context = {
        "link": link,
        "qr": mark_safe(qr),  # noqa: S308  segno's own SVG
        "mailed": mail_link(link),
        "back": back,
        "again": again,
    }
    return render(request, "people/link.html", context)
