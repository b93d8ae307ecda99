from __future__ import annotations

from collections.abc import Iterable, Mapping

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.claims.choices import ClaimStatus
from training.web.forms import CardForm
from training.web.lists import FilterForm, choose

REACHED = (ClaimStatus.DRAFT, ClaimStatus.SUBMITTED, ClaimStatus.WITHDRAWN)


class ClaimFilter(FilterForm):
    status = choose(
        _("状态"),
        [
            *((status.value, status.label) for status in REACHED),
            ("handed_in", _("计入已申领的")),
            ("paid_out", _("已拨付的")),
        ],
    )
    line = choose(_("资金条线"), ())
    institution = choose(_("培训机构"), ())

    def __init__(self, request: HttpRequest, choices: Mapping[str, Iterable[tuple[str, str]]]) -> None:
        super().__init__(request)
        self.offer(**choices)


class WithdrawForm(CardForm):
    submit_label = _("撤回申领")
    reason = forms.CharField(label=_("撤回的原因"), max_length=200)
