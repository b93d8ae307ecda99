"""The examples that the station's tests read too: both sides come to the same verdicts."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from training.attendance.models import AttendanceEvent, HeldEnvelope
from training.core import clock
from training.stations.models import Station

CONTRACT = Path(__file__).parents[2] / "contract"
ENVELOPES = json.loads((CONTRACT / "envelopes.json").read_text(encoding="utf-8"))
CHAINS = json.loads((CONTRACT / "chains.json").read_text(encoding="utf-8"))["chains"]

BELIEVED = ("held", "unknown_session")  # in the ledger; the examples' session is none of ours
RECEIPT = {
    "ok": BELIEVED,
    "gap": BELIEVED,
    "duplicate": BELIEVED,  # what is held stays held, however often it comes
    "fork": ("held", "fork"),
    "broken": ("held", "chain_broken"),
    "malformed": ("held", "malformed"),
    "not_canonical": ("held", "not_canonical"),
    "bad_signature": ("held", "bad_signature"),
}


@pytest.fixture
def station(make_county: Any) -> Station:
    """The examples' station: its id and public key are the examples', its token is "token"."""
    row: Station = Station.objects.create(
        pk=ENVELOPES["keys"]["station"],
        public_key=ENVELOPES["keys"]["signing_public"],
        institution=make_county(people=0).institution,
        name="契约终端",
        token_hash=sha256(b"token").hexdigest(),
        enrolled_at=clock.now(),
    )
    return row


def post(client: Client, *examples: dict[str, Any]) -> list[tuple[str, str, str]]:
    envelopes = [{key: example[key] for key in ("payload", "signature")} for example in examples]
    response = client.post(
        "/api/v1/station/events",
        {"envelopes": envelopes},
        content_type="application/json",
        headers={"Authorization": "Bearer token"},
    )
    assert response.status_code == 200
    return [(r["digest"], r["status"], r["reason"]) for r in response.json()["receipts"]]


@pytest.mark.parametrize("verdict", ["ok", "malformed", "not_canonical", "bad_signature"])
def test_each_envelope_gets_the_verdict_of_the_contract_and_is_kept(
    client: Client, station: Station, verdict: str
) -> None:
    kept = AttendanceEvent if verdict == "ok" else HeldEnvelope
    for example in (example for example in ENVELOPES["examples"] if example["verdict"] == verdict):
        assert post(client, example) == [(example["digest"], *RECEIPT[verdict])], example["name"]

        rows = kept.objects.values_list("payload", "signature")
        assert list(rows) == [(example["payload"], example["signature"])], example["name"]
        kept.objects.all().delete()  # each stands for itself; together they would be a chain


def test_good_and_bad_envelopes_in_one_batch_do_not_disturb_each_other(
    client: Client, station: Station
) -> None:
    chain = CHAINS[0]["envelopes"]
    bad = [example for example in ENVELOPES["examples"] if example["verdict"] != "ok"]

    receipts = post(client, *bad, *chain)

    assert receipts == [(example["digest"], *RECEIPT[example["verdict"]]) for example in [*bad, *chain]]


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain["name"])
def test_each_chain_gets_the_verdicts_of_the_contract(
    client: Client, station: Station, chain: dict[str, Any]
) -> None:
    for envelope in chain["envelopes"]:
        receipt = (envelope["digest"], *RECEIPT[envelope["verdict"]])
        assert post(client, envelope) == [receipt]

    gaps = {envelope["digest"] for envelope in chain["envelopes"] if envelope["verdict"] == "gap"}
    noted = {event.digest for event in AttendanceEvent.objects.all() if "gap" in event.notes}
    assert noted == gaps
