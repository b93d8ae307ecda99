"""What happens around a job fair, for the tests of its room and of its pages."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kiosk.envelope import Enrolled, WalkIn, seal_card
from tests.conftest import CLASS_DAY
from tests.training.signing import CARD, Signer, append, enrol, send
from training.accounts.choices import Role
from training.core.clock import today
from training.core.crypto import sealing_key
from training.demo.scenery import paper
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.fairs import people, services
from training.fairs.choices import IntentionStatus
from training.fairs.models import FairAttendance, FairPost, Intention, JobFair

COUNTY = ZoneInfo("Asia/Shanghai")
FAIR_DAY = CLASS_DAY + timedelta(days=1)
ORCHARD = {
    "name": "赣南脐橙合作社",
    "uscc": "91360735MA35NXTP4H",
    "contact": "温经理",
    "phone": "0797-5700000",
}
SHOP = {"name": "石城白莲电商公司", "uscc": "91350100M000100Y43", "contact": "陈经理", "phone": "13800000000"}
HEAD, CLERK, OFFICER = Role.INSTITUTION_HEAD, Role.INSTITUTION_CLERK, Role.FOLLOW_UP


def o_clock(hour: int, minute: int = 0, *, days: int = 0) -> datetime:
    """That time of the fair's day, or so many days later."""
    return datetime.combine(FAIR_DAY + timedelta(days), time(hour, minute), COUNTY)


def plan(county: Any, *, role: Role = CLERK, **changes: Any) -> JobFair:
    said = {
        "title": "琴江镇电商用工对接会",
        "on": FAIR_DAY,
        "starts": time(9),
        "ends": time(12),
        "place": "琴江镇电商服务中心",
    }
    return services.plan_fair(**said | changes, actor=county.actor(role))


def offer(fair: JobFair, county: Any) -> FairPost:
    """Two employers, three posts; gives one that is for the registered poor first."""
    actor = county.actor(CLERK)
    orchard = services.add_employer(fair.pk, **ORCHARD, actor=actor)
    shop = services.add_employer(fair.pk, **SHOP, actor=actor)
    terms = {"openings": 5, "wage_from_fen": 350000, "wage_to_fen": 500000, "place": "琴江镇", "actor": actor}
    services.add_post(shop.pk, title="客服", **terms)
    services.add_post(shop.pk, title="打包", **terms)
    return services.add_post(orchard.pk, title="分拣工", poor_first=True, **terms)


def place(county: Any, number: int) -> Enrolment:
    return county.session.enrolments.get(number=number)


def prepared(county: Any, clock: Any) -> JobFair:
    """Planned, with employers, numbers 1 to 3 invited, reported; it is nine o'clock of its day."""
    clock.set(o_clock(7))
    fair = plan(county)
    offer(fair, county)
    invited = [place(county, number).pk for number in (1, 2, 3)]
    people.invite(fair.pk, invited, actor=county.actor(CLERK))
    services.report_fair(fair.pk, actor=county.actor(HEAD))
    clock.set(o_clock(9))
    return JobFair.objects.get(pk=fair.pk)


def given_station(fair: JobFair, county: Any, name: str = "对接会终端") -> Signer:
    """A station that takes signatures at the fair's door."""
    signer = enrol(county, name)
    there = [*fair.stations.all(), signer.station]
    services.set_stations(fair.pk, stations=[station.pk for station in there], actor=county.actor(CLERK))
    return signer


def lay(
    signer: Signer,
    fair: JobFair,
    person: Enrolment | str,
    when: datetime | None = None,
    kind: str = "sign_in",
    **fields: Any,
) -> None:
    """A card at the door: of somebody on the list, or of whoever has this number."""
    who = Enrolled(enrolment=person.pk) if isinstance(person, Enrolment) else sealed(person)
    said = {"session": fair.code, "lesson": -fair.pk, "person": who, "method": "card", "card": CARD}
    append(signer, kind, when or o_clock(9, 5), **said | fields)


def sealed(number: str) -> WalkIn:
    key = sealing_key().public_key()
    return seal_card({"number": number, "name": "甲", "card_type": "citizen"}, key)


def receive(signer: Signer) -> list[tuple[str, str]]:
    return [(receipt.status, receipt.reason) for receipt in send(signer)]


def hold(fair: JobFair, county: Any, clock: Any, *numbers: int) -> JobFair:
    """These came by card, and one employer; held and its results registered."""
    clock.set(o_clock(9))
    signer = given_station(fair, county)
    for number in numbers or (1, 2):
        lay(signer, fair, place(county, number))
    assert {status for status, _reason in receive(signer)} == {"accepted"}
    actor = county.actor(CLERK)
    services.sign_in_employer(fair.employers.first().pk, actor=actor)
    services.hold_fair(fair.pk, actor=actor)
    services.register_results(fair.pk, visitors=6, summary="两家单位，六人达成意向", actor=actor)
    return JobFair.objects.get(pk=fair.pk)


def hire(attendance: FairAttendance, county: Any) -> Intention:
    """Wanted the first post, and begins the day after."""
    post = FairPost.objects.filter(employer__fair=attendance.fair).first()
    intention = people.record_intention(attendance.pk, post_id=post.pk, actor=county.actor(CLERK))
    since = FAIR_DAY + timedelta(days=1)
    return people.settle_intention(
        intention.pk, status=IntentionStatus.HIRED, hired_on=since, actor=county.actor(CLERK)
    )


def paper_list(fair: JobFair, county: Any, *numbers: str) -> tuple[int, list[str]]:
    return people.register_paper_list(
        fair.pk, numbers="\n".join(numbers), sheet=paper("签到表"), actor=county.actor(CLERK)
    )


def whole_fair(county: Any) -> JobFair:
    """One today, with a row of everything: somebody came by a paper list and was hired. Needs one completed."""
    fair, actor = plan(county, on=today()), county.actor(CLERK)
    offer(fair, county)
    somebody = county.session.enrolments.filter(status=EnrolmentStatus.COMPLETED).first()
    people.invite(fair.pk, [somebody.pk], actor=actor)
    services.report_fair(fair.pk, actor=county.actor(HEAD))
    paper_list(fair, county, somebody.trainee.id_number)
    services.sign_in_employer(fair.employers.first().pk, actor=actor)
    services.hold_fair(fair.pk, actor=actor)
    wanted = people.record_intention(
        fair.attendances.get().pk, post_id=fair.employers.first().posts.get().pk, actor=actor
    )
    people.settle_intention(wanted.pk, status=IntentionStatus.HIRED, hired_on=today(), actor=actor)
    return JobFair.objects.get(pk=fair.pk)
