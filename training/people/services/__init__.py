"""Every change of the trainee pool."""

from training.people.hashes import id_hash
from training.people.services.consents import (
    publish_text,
    record_consent,
    withdraw_consent,
    withdraw_own_consent,
)
from training.people.services.groups import add_group, decide_groups, note_groups
from training.people.services.looks import (
    note_copy,
    note_explanation,
    note_export,
    note_own_page,
    note_page,
    note_sensitive,
    note_shown,
    reveal_number,
)
from training.people.services.pool import (
    Known,
    allow_contact,
    confirm_phone,
    forget_trainees,
    know_trainees,
    stop_contact,
)
from training.people.services.rights import (
    PARTICULARS,
    answer_request,
    ask_oneself,
    check_identity,
    correct_particulars,
    delete_particulars,
    receive_request,
    refuse_request,
    restrict_use,
    take_back_request,
)

__all__ = [
    "PARTICULARS",
    "Known",
    "add_group",
    "allow_contact",
    "answer_request",
    "ask_oneself",
    "check_identity",
    "confirm_phone",
    "correct_particulars",
    "decide_groups",
    "delete_particulars",
    "forget_trainees",
    "id_hash",
    "know_trainees",
    "note_copy",
    "note_explanation",
    "note_export",
    "note_groups",
    "note_own_page",
    "note_page",
    "note_sensitive",
    "note_shown",
    "publish_text",
    "receive_request",
    "record_consent",
    "refuse_request",
    "restrict_use",
    "reveal_number",
    "stop_contact",
    "take_back_request",
    "withdraw_consent",
    "withdraw_own_consent",
]
