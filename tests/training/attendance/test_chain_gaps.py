"""Events that have not arrived keep an archive open; a whole chain does not."""

from __future__ import annotations

from tests.training.signing import attend, enrol, send
from training.attendance.queries import chain_gaps


def test_a_whole_chain_has_no_gap(approved) -> None:
    signer = enrol(approved)
    attend(signer, approved.session.lessons.first(), approved.session.enrolments.all())
    send(signer)
    assert dict(chain_gaps([approved.session])) == {}


def test_a_station_with_a_hole_is_named_once_until_the_missing_event_arrives(approved) -> None:
    signer = enrol(approved, "二楼终端")
    attend(signer, approved.session.lessons.first(), approved.session.enrolments.all())
    send(signer, [*signer.chain[:3], *signer.chain[4:]])
    assert dict(chain_gaps([approved.session])) == {approved.session.pk: ("二楼终端",)}
    send(signer, [signer.chain[3]])
    assert dict(chain_gaps([approved.session])) == {}
