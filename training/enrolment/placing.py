"""From the lines of a roster file to places on the roster, in a number of queries that no line adds to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.db.models import Max, Q
from django.utils.translation import gettext as _

from training.core.errors import InvalidInputError
from training.enrolment.choices import ON_ROSTER
from training.enrolment.columns import GROUP, ID_NUMBER, NAME
from training.enrolment.models import Enrolment, RosterImport
from training.enrolment.queries import places_elsewhere
from training.enrolment.roster_file import Entry, Finding, MaskedRow, RosterRow
from training.people.models import Trainee
from training.people.services import Known, know_trainees, note_groups
from training.scheduling.choices import SETTLED
from training.scheduling.models import TrainingSession


@dataclass
class Placed:
    """What became of some lines: people taken on, people who stood there already, and what was found."""

    accepted: int = 0
    unchanged: int = 0
    problems: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)


def place(session: TrainingSession, entries: Sequence[Entry], *, source: RosterImport | None) -> Placed:
    """Give the right lines their places; the caller holds the lock of the session.

    `source` is the file they stand in, if they stand in one.

    Problems: name_differs, masked, taken. Warnings: group_differs, elsewhere, same_name.
    """
    placed = Placed(
        problems=[finding for entry in entries for finding in entry.problems],
        warnings=[finding for entry in entries for finding in entry.warnings],
    )
    _place_people(
        session, [entry.person for entry in entries if isinstance(entry.person, RosterRow)], source, placed
    )
    _check_masked(session, [entry.person for entry in entries if isinstance(entry.person, MaskedRow)], placed)
    placed.problems.sort(key=_where)
    placed.warnings.sort(key=_where)
    return placed


def _where(finding: Finding) -> int:
    return finding.row


def _place_people(
    session: TrainingSession, rows: Sequence[RosterRow], source: RosterImport | None, placed: Placed
) -> None:
    if not rows:
        return
    known = know_trainees(session.institution.programme, rows)
    pairs = list(zip(rows, known, strict=True))
    placed.problems += _renamed(session, [pair for pair in pairs if not pair[1].agrees])
    people = {row: one.trainee for row, one in pairs if one.agrees}
    standing = _standing(session, [trainee.pk for trainee in people.values()])
    others = _places_elsewhere(session, [trainee.pk for trainee in people.values()])
    taken = {
        row
        for row, trainee in people.items()
        if trainee.pk not in standing and _is_taken(others.get(trainee.pk, ()))
    }
    placed.problems += [
        Finding(row.row, NAME, "taken", _told_taken(session, others[people[row].pk])) for row in taken
    ]
    people = {row: trainee for row, trainee in people.items() if row not in taken}
    _fill_in_groups(session, people, standing)
    placed.warnings += _other_groups(session, people, standing)
    new = {row: trainee for row, trainee in people.items() if trainee.pk not in standing}
    placed.unchanged += len(people) - len(new)
    placed.accepted += len(new)
    numbers = count((session.enrolments.aggregate(last=Max("number"))["last"] or 0) + 1)
    Enrolment.objects.bulk_create(
        Enrolment(
            training_session=session,
            trainee=trainee,
            number=next(numbers),
            group=row.group,
            roster_import=source,
        )
        for row, trainee in new.items()
    )
    note_groups([(trainee, row.group) for row, trainee in people.items()], source=session.code)
    placed.warnings += _elsewhere(session, new, others)
    placed.warnings += _namesakes(session, new)


def _standing(session: TrainingSession, trainees: Collection[int]) -> dict[int, str]:
    """Who of them is on the roster already, and in which group."""
    places = session.enrolments.filter(ON_ROSTER, trainee__in=trainees)
    return dict(places.values_list("trainee_id", "group"))


def _renamed(session: TrainingSession, pairs: Collection[tuple[RosterRow, Known]]) -> Iterator[Finding]:
    """Whoever has another name in the pool; an institution reads it in full only of its own trainees."""
    if not pairs:
        return
    trainees = [known.trainee.pk for _row, known in pairs]
    own = Enrolment.objects.filter(trainee__in=trainees, training_session__institution=session.institution)
    ours = set(own.values_list("trainee_id", flat=True))
    message = _("这个身份证号已登记的姓名是“%(name)s”，没有改动。请对照证件核对姓名和号码。")
    for row, known in pairs:
        name = known.trainee.name
        shown = name if known.trainee.pk in ours else name[0] + "*" * (len(name) - 1)
        yield Finding(row.row, NAME, "name_differs", message % {"name": shown})


def _fill_in_groups(
    session: TrainingSession, people: Mapping[RosterRow, Trainee], standing: Mapping[int, str]
) -> None:
    """Who stands on the roster without a group gets the one that a later file names."""
    named = {
        trainee.pk: row.group
        for row, trainee in people.items()
        if row.group and standing.get(trainee.pk) == ""
    }
    places = list(session.enrolments.filter(ON_ROSTER, trainee__in=named)) if named else []
    for found in places:
        found.group = named[found.trainee_id]
    Enrolment.objects.bulk_update(places, ["group"])


def _other_groups(
    session: TrainingSession, people: Mapping[RosterRow, Trainee], standing: Mapping[int, str]
) -> Iterator[Finding]:
    names = {group.code: group.name for group in session.rule_set.rules.groups}
    message = _("名册上的学员类别是“%(standing)s”，没有改成“%(said)s”。要改请先删除再导入。")
    for row, trainee in people.items():
        group = standing.get(trainee.pk)
        if row.group and group and group != row.group:
            told = {"standing": names.get(group, group), "said": names[row.group]}
            yield Finding(row.row, GROUP, "group_differs", message % told)


def _places_elsewhere(session: TrainingSession, trainees: Collection[int]) -> Mapping[int, list[Any]]:
    others: dict[int, list[Any]] = defaultdict(list)
    for found in places_elsewhere(session, trainees):
        others[found.trainee_id].append(found)
    return dict(others)


def _is_taken(places: Iterable[Any]) -> bool:
    return any(map(_binds, places))


def _binds(place: Any) -> bool:
    """Whether a place on another roster keeps a person off this one: it was handed in. A draft keeps nobody."""
    return bool(place.same_time) and place.training_session.status in SETTLED


def _told_taken(session: TrainingSession, places: Iterable[Any]) -> str:
    message = _("同一时间已在别的名册上（%(where)s），一个人不能同时上两个班。")
    return message % {
        "where": _("；").join(dict.fromkeys(_named(session, place) for place in places if _binds(place)))
    }


def demand_free(session: TrainingSession, trainee: Trainee) -> None:
    """Raises InvalidInputError for who is in another class at the same time."""
    places = list(places_elsewhere(session, [trainee.pk]))
    if _is_taken(places):
        told = {"name": trainee.name, "why": _told_taken(session, places)}
        raise InvalidInputError(_("%(name)s：%(why)s") % told)


def _elsewhere(
    session: TrainingSession, new: Mapping[RosterRow, Trainee], others: Mapping[int, list[Any]]
) -> Iterator[Finding]:
    """The same person in a session of the same category, or in somebody's draft at the same time: a look."""
    for row, trainee in new.items():
        if trainee.pk in others:
            yield Finding(row.row, NAME, "elsewhere", _told_elsewhere(session, others[trainee.pk]))


def _told_elsewhere(session: TrainingSession, places: Iterable[Any]) -> str:
    sentences = []
    for found in sorted(places, key=lambda found: not found.same_time):
        text = _("上课时间重叠：%(session)s") if found.same_time else _("已参加同类别培训：%(session)s")
        sentences.append(text % {"session": _named(session, found)})
    told = _("这个人也在别的名册上（%(where)s），请核对是否重复培训。")
    return told % {"where": _("；").join(dict.fromkeys(sentences))}


def _named(session: TrainingSession, place: Any) -> str:
    """Another institution's session is not named: whom it teaches is not this one's to know."""
    other = place.training_session
    own = other.institution_id == session.institution_id
    return str(other.code) if own else _("另一家机构的一期培训")


def _namesakes(session: TrainingSession, new: Mapping[RosterRow, Trainee]) -> Iterator[Finding]:
    """Same name, same village, another number: perhaps one person with a wrong number."""
    wanted = {(row.name, row.village) for row in new if row.village}
    if not wanted:
        return
    names, villages = (list(words) for words in zip(*wanted, strict=True))
    pool = Trainee.objects.filter(
        programme=session.institution.programme, name__in=names, village__in=villages
    )
    people: dict[tuple[str, str], set[int]] = defaultdict(set)
    for pk, name, village in pool.values_list("pk", "name", "village"):
        people[name, village].add(pk)
    message = _("有同名同村、身份证号不同的另一位学员，请核对是不是同一个人、号码有没有录错。")
    for row, trainee in new.items():
        if people[row.name, row.village] - {trainee.pk}:
            yield Finding(row.row, NAME, "same_name", message)


def _check_masked(session: TrainingSession, rows: Sequence[MaskedRow], placed: Placed) -> None:
    """A masked number names somebody who is on this roster, or nobody."""
    if not rows:
        return
    names = [row.name for row in rows]
    places = session.enrolments.filter(ON_ROSTER, Q(trainee__name__in=names)).select_related("trainee")
    standing = {(place.trainee.name, place.trainee.masked_id_number) for place in places}
    message = _("这是隐去中间几位的号码，名册上也没有对得上的人。要加人请填完整的身份证号。")
    for row in rows:
        if (row.name, row.masked) in standing:
            placed.unchanged += 1
        else:
            placed.problems.append(Finding(row.row, ID_NUMBER, "masked", message))
