from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("training.api.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("account/", include("training.web.account.urls")),
    path("accounts/", include("training.web.people.urls")),
    path("audit/", include("training.web.audit.urls")),
    path("attendance/", include("training.web.attendance.urls")),
    path("institution/", include("training.web.institution.urls")),
    path("bureau/", include("training.web.bureau.urls")),
    path("stations/", include("training.web.stations.urls")),
    path("followup/", include("training.web.followup.urls")),
    path("county/", include("training.web.county.urls")),
    path("", include("training.web.portal.urls")),
    path("", include("training.web.home.urls")),
]
