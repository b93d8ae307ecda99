from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from training.api.documents import api_docs

urlpatterns = [
    path("api/v1/", include("training.api.urls")),
    path("api-docs/", api_docs, name="api-docs"),
    path("admin/", admin.site.urls),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("account/", include("training.web.account.urls")),
    path("accounts/", include("training.web.people.urls")),
    path("archives/", include("training.web.archives.urls")),
    path("audit/", include("training.web.audit.urls")),
    path("integrity/", include("training.web.integrity.urls")),
    path("tokens/", include("training.web.partners.urls")),
    path("attendance/", include("training.web.attendance.urls")),
    path("changes/", include("training.web.changes.urls")),
    path("print/", include("training.web.printing.urls")),
    path("notifications/", include("training.web.notifications.urls")),
    path("courses/", include("training.web.courses.urls")),
    path("evidence/", include("training.web.evidence.urls")),
    path("institution/", include("training.web.institution.urls")),
    path("timetable/", include("training.web.timetable.urls")),
    path("bureau/", include("training.web.bureau.urls")),
    path("desk/", include("training.web.desk.urls")),
    path("versions/", include("training.web.versions.urls")),
    path("claims/", include("training.web.claims.urls")),
    path("institutions/", include("training.web.institutions.urls")),
    path("instructors/", include("training.web.instructors.urls")),
    path("stations/", include("training.web.stations.urls")),
    path("followup/", include("training.web.followup.urls")),
    path("county/programme/", include("training.web.rules.urls")),
    path("county/regions/", include("training.web.regions.urls")),
    path("county/", include("training.web.county.urls")),
    path("", include("training.web.registration.urls")),
    path("trainees/", include("training.web.trainees.urls")),
    path("", include("training.web.portal.urls")),
    path("", include("training.web.home.urls")),
]
