import re

from django.urls import path

from training.api import views
from training.api.documents import openapi
from training.api.partner.views import OPERATIONS as PARTNER_OPERATIONS

urlpatterns = [
    path("time", views.server_time, name="api-time"),
    path("stations/enrol", views.enrol, name="api-enrol"),
    path("stations/report", views.report, name="api-report"),
    path("station/package", views.package, name="api-package"),
    path("station/events", views.events, name="api-events"),
    path("station/photos", views.photos, name="api-photos"),
    path("openapi.json", openapi, name="api-openapi"),
    *(
        path(re.sub(r"{(\w+)}", r"<str:\1>", operation.path), operation.view, name=operation.name)
        for operation in PARTNER_OPERATIONS
        if operation.view
    ),
]
