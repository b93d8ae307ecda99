"""States that somebody must have brought about, against the audit trail: what was set by hand has no deed.

The trail itself is chained by keyed hashes (`check_audit`), so a deed can't be written after the fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.apps import apps
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.core.models import AuditEvent
from training.dossiers.choices import DossierStatus, Edition
from training.integrity.checks import BATCH, Found, Looked
from training.integrity.choices import Part
from training.programmes.models import Programme
from training.scheduling.choices import WAS_APPROVED

Key = tuple[str, str]
"""The row that the trail names, and the archive item it was about; mostly none."""
Said = str | Callable[[AuditEvent], str | None]
"""The state that a deed brings about; None for one that leaves it as it was."""


def _own(row: Any) -> Key:
    return str(row.pk), ""


def _all(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows


def _never(_row: Any) -> None:
    return None


@dataclass(frozen=True)
class Deed:
    """`state` of a row of `model` is what the last of `verbs` made of it; "" is the state before any.

    Where it `lapses`, it may also be "" again without a deed; `since` is then when the row says that it came
    about, which is never after the deed: somebody would have set it anew. `subject` and `key` say under what
    the trail has it, where that is not the row itself.
    """

    model: str
    what: Promise
    state: Callable[[Any], str]
    verbs: Mapping[str, Said]
    lapses: bool = False
    since: Callable[[Any], datetime | None] = _never
    rows: Callable[[QuerySet[Any]], QuerySet[Any]] = _all
    subject: str = ""
    key: Callable[[Any], Key] = _own


def _verdict(paper: Any) -> str:
    return "refused" if paper.refused_at else "verified" if paper.verified_at else ""


def _only(state: str, row: Any) -> str:
    """Of the others nothing depends on who brought them about."""
    return state if row.status == state else ""


def _cancelled(event: AuditEvent) -> str | None:
    """Stopping a draft leaves the dossier as it is."""
    return DossierStatus.SUBMITTED if event.details["edition"] == Edition.SEALED else None


def _last_round(reviews: QuerySet[Any]) -> QuerySet[Any]:
    """What an earlier round said decides nothing any more."""
    rounds = apps.get_model("dossiers.ReviewRound").objects
    later = rounds.filter(dossier=OuterRef("round__dossier"), number__gt=OuterRef("round__number"))
    return reviews.filter(~Exists(later)).select_related("round")


def _decided(noun: str) -> dict[str, Said]:
    """What one person proposes and another decides."""
    return {f"{noun}.{status}": status for status in ("proposed", "approved", "declined", "withdrawn")}


DEEDS: Final[Sequence[Deed]] = (
    Deed(
        "institutions.Licence", gettext_lazy("核验结果"), _verdict,
        {"licence.verified": "verified", "licence.refused": "refused"},
    ),
    Deed(
        "institutions.InstructorProof", gettext_lazy("核验结果"), _verdict,
        {"proof.verified": "verified", "proof.refused": "refused"},
    ),
    Deed(
        "institutions.Agreement", gettext_lazy("生效"),
        lambda row: _only("in_force", row),
        {"agreement.confirmed": "in_force", "agreement.fulfilled": "", "agreement.terminated": ""},
        lapses=True,
    ),
    Deed(
        "people.Trainee", gettext_lazy("电话核实"), lambda row: "confirmed" if row.phone_verified_at else "",
        {"trainee.phone_confirmed": "confirmed"}, lapses=True, since=lambda row: row.phone_verified_at,
        rows=lambda rows: rows.only("phone_verified_at"),  # nothing of theirs is decrypted
    ),
    Deed(
        "courses.Courseware", gettext_lazy("批准"),
        lambda row: _only("approved", row),
        {"courseware.approved": "approved", "courseware.returned": "", "courseware.withdrawn": ""},
    ),
    Deed(
        "scheduling.TrainingSession", gettext_lazy("开班批准"),
        lambda row: "approved" if row.status in WAS_APPROVED else "",
        {"session.approved": "approved"}, lapses=True,
    ),
    Deed(
        "enrolment.RosterChange", gettext_lazy("生效"), lambda row: row.kind if row.effective_at else "",
        {"roster.person_added": "added", "roster.person_removed": "removed"},
    ),
    Deed(
        "attendance.Correction", gettext_lazy("核准"), lambda row: str(row.status), _decided("correction")
    ),
    Deed(
        "attendance.Exclusion", gettext_lazy("剔除"), lambda row: str(row.status),
        {
            "exclusion.proposed": "proposed",
            "exclusion.declined": "declined",
            "exclusion.decided": "excluded",
            "exclusion.appealed": "appealed",
            "exclusion.upheld": "upheld",
            "exclusion.reinstated": "reinstated",
        },
    ),
    Deed(
        "attendance.LostRange", gettext_lazy("核准"), lambda row: str(row.status), _decided("lost_range")
    ),
    Deed(
        "dossiers.Evidence", gettext_lazy("撤下"), lambda row: "withdrawn" if row.withdrawn_at else "",
        {"evidence.withdrawn": "withdrawn"}, rows=lambda rows: rows.select_related("training_session"),
    ),
    Deed(
        "dossiers.ItemReview", gettext_lazy("核验意见"), lambda row: str(row.decision),
        {"item.accepted": "accepted", "item.returned": "returned"}, rows=_last_round,
        subject="dossiers.Dossier", key=lambda row: (str(row.round.dossier_id), row.item),
    ),
    Deed(
        "dossiers.Dossier", gettext_lazy("状态"),
        lambda row: "" if row.status == DossierStatus.COLLECTING else str(row.status),
        {
            "dossier.submitted": DossierStatus.SUBMITTED,
            "dossier.returned": DossierStatus.RETURNED,
            "dossier.sealing": DossierStatus.SEALING,
            "dossier.sealed": DossierStatus.SEALED,
            "dossier.seal_failed": DossierStatus.SUBMITTED,
            "dossier.unsealed": DossierStatus.SUBMITTED,
            "dossier.build_cancelled": _cancelled,
        },
    ),
    Deed(
        "uploads.Reuse", gettext_lazy("核对结论"), lambda row: "" if row.status == "open" else str(row.status),
        {"reuse.decided": lambda event: str(event.details["status"])},
    ),
)  # fmt: skip


def check_deeds(programme: Programme) -> Iterator[Looked]:
    """Each state of `DEEDS` against the last deed that the trail has of its row."""
    if AuditEvent.objects.filter(verb="programme.seeded", programme_id=programme.pk).exists():
        return  # thousands of made-up rows, to try things out with: nobody has done any of it
    for deed in DEEDS:
        model = apps.get_model(deed.model)
        rows = model.objects.filter(**{model.SCOPE["programme"]: programme.pk}).order_by("pk")
        waiting = deed.rows(rows).iterator(chunk_size=BATCH)
        while batch := list(islice(waiting, BATCH)):
            yield from _compare(deed, batch)


def _compare(deed: Deed, rows: Sequence[Any]) -> Iterator[Looked]:
    said = _last_said(deed, {deed.key(row)[0] for row in rows})
    for row in rows:
        state, since = deed.state(row), deed.since(row)
        done, at = said.get(deed.key(row), ("", None))
        set_anew = bool(since and at and since > at)
        right = (state == done and not set_anew) or (deed.lapses and not state)
        problem = _("%(what)s与操作记录不符：没有人这样办过") % {"what": deed.what}
        yield Looked(Part.DEEDS, () if right else (Found(Part.DEEDS, row, problem),))


def _last_said(deed: Deed, subjects: Iterable[str]) -> dict[Key, tuple[str, datetime]]:
    """The state that the trail has of each row, and since when."""
    events = AuditEvent.objects.filter(
        subject_type=deed.subject or deed.model, subject_id__in=subjects, verb__in=deed.verbs
    )
    found: dict[Key, tuple[str, datetime]] = {}
    for event in events.order_by("pk"):
        means = deed.verbs[event.verb]
        state = means(event) if callable(means) else means
        if state is not None:
            item = event.details.get("item", "") if deed.subject else ""
            found[event.subject_id, item] = state, event.at
    return found
