"""经费预算: the page on which an institution writes what a session is to cost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.scheduling.budget import BudgetItem, barred, sources_of, total_fen, write_budget
from training.scheduling.models import TrainingSession
from training.web.forms import CardForm, done
from training.web.gate import WorkRequest, about
from training.web.institution import queries

SPARE_ROWS: Final = 3
MAX_ROWS: Final = 60


class LineForm(forms.Form):
    """One item; without a name it is left out."""

    name = forms.CharField(label=gettext_lazy("项目"), max_length=64, required=False)
    price = forms.DecimalField(
        label=gettext_lazy("单价（元）"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal(9_999_999),
        decimal_places=2,
    )
    quantity = forms.IntegerField(label=gettext_lazy("数量"), required=False, min_value=1, max_value=100_000)
    unit = forms.CharField(label=gettext_lazy("计量单位"), max_length=16, required=False)
    source = forms.ChoiceField(label=gettext_lazy("谁支付"), required=False)

    def __init__(self, *args: Any, sources: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["source"].choices = [("", _("机构自筹")), *((name, name) for name in sources)]  # type: ignore[attr-defined]
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("name"):
            for name, said in (
                ("price", _("请填单价。")),
                ("quantity", _("请填数量。")),
                ("unit", _("请填计量单位，例如：学时、人、天。")),
            ):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, said)
        return cleaned

    @property
    def item(self) -> BudgetItem:
        row = self.cleaned_data
        return BudgetItem(row["name"], int(row["price"] * 100), row["quantity"], row["unit"], row["source"])


LineFormSet = forms.formset_factory(LineForm, extra=SPARE_ROWS, max_num=MAX_ROWS, absolute_max=MAX_ROWS)


class BudgetForm(CardForm):
    """All lines of a session's budget; rendered by its own page."""

    def __init__(self, *args: Any, session: TrainingSession, **options: Any) -> None:
        super().__init__(*args, **options)
        written = [
            {
                "name": line.name,
                "price": Decimal(line.unit_price_fen) / 100,
                "quantity": line.quantity,
                "unit": line.unit,
                "source": line.source,
            }
            for line in session.budget_lines.all()
        ]
        self.rows: Any = LineFormSet(
            self.data if self.is_bound else None,
            initial=written,
            prefix="line",
            form_kwargs={"sources": sources_of(session.rule_set.rules)},
        )

    def is_valid(self) -> bool:
        both = [super().is_valid(), self.rows.is_valid()]
        if all(both):
            self.cleaned_data["lines"] = [row.item for row in self.rows if row.cleaned_data.get("name")]
        return all(both)


@about(queries.session_of, "session.plan")
def budget(request: WorkRequest, session: Any) -> HttpResponse:
    form = BudgetForm(request.POST if request.method == "POST" else None, session=session)
    if form.accept(partial(write_budget, session.pk, actor=request.actor)):
        to = "session-budget" if "more" in request.POST else "session"
        return done(request, _("经费预算已保存。"), to, session.pk)
    context = {
        "session": session,
        "form": form,
        "total_fen": total_fen(session),
        "remarks": list(barred(session.budget_lines.all(), session.rule_set.rules)),
    }
    return render(request, "institution/budget.html", context, status=422 if form.is_bound else 200)
