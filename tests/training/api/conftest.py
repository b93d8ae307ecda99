"""A county in which there is something of everything that the API tells, and a partner to tell it to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.training.reviews import review_and_seal, stand_in
from tests.training.signing import hold_and_close
from training.accounts.choices import Role
from training.claims.services import claim_session
from training.core import clock as house_clock
from training.demo.scenery import paper
from training.dossiers.reviewing import submit_dossier
from training.dossiers.seal import Sealer
from training.dossiers.sealing import finish_seal, seal_key
from training.institutions.choices import ProofKind
from training.institutions.services import add_proof, verify_proof
from training.partners.choices import Purpose
from training.partners.services import IssuedToken, issue_token
from training.scheduling.services import approve_session, submit_session

Ask = Callable[..., Any]


def take_through(county: Any, clock: Any) -> Any:
    """The session from submission to claim, by the services a person's clicks go through."""
    head, clerk = county.actor(Role.INSTITUTION_HEAD), county.actor(Role.INSTITUTION_CLERK)
    submit_session(county.session.pk, actor=head)
    county.session = approve_session(county.session.pk, actor=county.actor(Role.BUREAU_REVIEWER))
    hold_and_close(county, clock, absent=(1,))
    proof = add_proof(
        county.instructors[1].pk,
        kind=ProofKind.QUALIFICATION,
        number="1",
        issuer="x",
        valid_until=None,
        file=paper("电子商务师资格证书"),
        actor=clerk,
    )
    verify_proof(proof.pk, actor=county.actor(Role.BUREAU_REVIEWER))
    submit_dossier(county.session.pk, actor=head)
    dossier = review_and_seal(county)
    sealer = Sealer(seal_key(), "温审核", county.session.closed_at)
    finish_seal(
        dossier.pk, pdf=stand_in(b"%PDF"), package=stand_in(b"PK"), manifest_sha256="ab" * 32, pages=9, sealer=sealer
    )  # fmt: skip
    claim_session(county.session.pk, actor=head)
    county.session.refresh_from_db()
    return county


@pytest.fixture
def told(make_county: Any, clock: Any) -> Any:
    """石城县 with a claimed session of forty; number 1 never came."""
    return take_through(make_county(people=40), clock)


def issue(county: Any, *purposes: str, **options: Any) -> IssuedToken:
    """A token of the county's head, by default for everything."""
    wanted = {
        "partner": "赣州市商务局",
        "contact": "数据科",
        "reason": "市级汇总",
        "purposes": purposes or Purpose.values,
        "expires_on": house_clock.today() + timedelta(days=90),
        "actor": county.actor(Role.BUREAU_HEAD),
    }
    return issue_token(**wanted | options)


@pytest.fixture
def ask() -> Ask:
    """Ask for an address of the partner API with a token, and further headers."""

    def get(token: IssuedToken | str, path: str, query: Any = None, **headers: str) -> Any:
        text = token if isinstance(token, str) else token.text
        sent = {"Authorization": f"Bearer {text}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return Client().get(f"/api/v1/partner/{path}", query, headers=sent)

    return get
