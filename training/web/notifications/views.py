"""What a person was told, whatever their role: their own and nobody else's."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from training.notifications import queries, services
from training.web.forms import done
from training.web.gate import WorkRequest
from training.web.lists import Listing
from training.web.middleware import MEMBERSHIP_KEY
from training.web.notifications.addresses import address_of
from training.web.notifications.forms import InboxFilter, Show


def inbox(request: WorkRequest) -> HttpResponse:
    filters = InboxFilter(request)
    unread = filters.value("show") == Show.UNREAD
    beside = {
        "any_unread": queries.inbox(request.actor, unread=True).exists(),
        "mail_works": bool(settings.EMAIL_URL),
        "wants_mail": queries.wants_mail(request.actor),
    }
    rows = queries.inbox(request.actor, q=filters.value("q"), unread=unread)
    return Listing(rows, filters, beside=beside).page(request, "notifications/list.html")


def open_one(request: WorkRequest, pk: int) -> HttpResponse:
    """To the page it is about, in the role that it was for; from here it counts as read."""
    row = queries.notification_of(pk, request.actor)
    services.mark_read([row.pk], actor=request.actor)
    if request.membership is None or row.membership_id != request.membership.pk:
        request.session[MEMBERSHIP_KEY] = row.membership_id
    return redirect(address_of(row))


@require_POST
def read_one(request: WorkRequest, pk: int) -> HttpResponse:
    row = queries.notification_of(pk, request.actor)
    services.mark_read([row.pk], actor=request.actor)
    return redirect(_back(request))


@require_POST
def read_all(request: WorkRequest) -> HttpResponse:
    services.mark_read(None, actor=request.actor)
    return done(request, _("消息都已标为已读。"), "notifications")


@require_POST
def choose_mail(request: WorkRequest) -> HttpResponse:
    box = services.choose_mail(wanted=request.POST.get("wanted") == "yes", actor=request.actor)
    said = _("邮件提醒已打开，最多一小时一封。") if box.wants_mail else _("邮件提醒已关掉。")
    return done(request, said, "notifications")


def _back(request: WorkRequest) -> str:
    """To the same page of the list."""
    came_from = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()})
    return came_from if ours else "notifications"
