"""剔除 and 申诉 in the browser."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from training.accounts.choices import Role
from training.attendance.models import Exclusion
from training.enrolment.models import Enrolment


def words(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def test_the_pages_take_it_from_proposal_to_the_end(closed: Any, browse: Any) -> None:
    roles = (Role.BUREAU_REVIEWER, Role.BUREAU_HEAD, Role.INSTITUTION_HEAD, Role.LEADING_GROUP)
    reviewer, head, school, office = (browse(role, closed) for role in roles)
    place = Enrolment.objects.get(training_session=closed.session, number=1)
    propose = reverse("exclusion-propose", args=[place.pk])
    assert propose in words(reviewer.get(reverse("attendance-person", args=[place.pk])))

    reviewer.post(propose, {"reason": "当天在外地住院"})
    exclusion = Exclusion.objects.get()
    page = reverse("exclusion", args=[exclusion.pk])
    assert reverse("exclusion-decide", args=[exclusion.pk]) in words(head.get(page))
    said = {"verdict": "exclude", "reason": "同意"}
    head.post(reverse("exclusion-decide", args=[exclusion.pk]), said)
    assert "2021-06-02 以前（含当天）申诉" in words(school.get(page))
    school.post(reverse("exclusion-appeal", args=[exclusion.pk]), {"reason": "是同名的人"})
    assert reverse("exclusion-decide-appeal", args=[exclusion.pk]) not in words(head.get(page))
    said = {"verdict": "uphold", "reason": "证件号一致"}
    office.post(reverse("exclusion-decide-appeal", args=[exclusion.pk]), said)

    told = words(office.get(page))
    for sentence in ("当天在外地住院", "同意", "是同名的人", "证件号一致", "申诉不成立，维持剔除"):
        assert sentence in told
    assert "当天在外地住院" in words(school.get(reverse("exclusions")))
    assert "申诉不成立，维持剔除" in "".join(
        piece.decode() for piece in school.get(reverse("exclusions-export")).streaming_content
    )


def test_a_decision_without_a_word_is_refused_on_the_form(closed: Any, browse: Any) -> None:
    place = Enrolment.objects.get(training_session=closed.session, number=1)
    page = reverse("exclusion-propose", args=[place.pk])

    response = browse(Role.BUREAU_REVIEWER, closed).post(page, {"reason": " "})

    assert response.status_code == 422
    assert not Exclusion.objects.exists()
