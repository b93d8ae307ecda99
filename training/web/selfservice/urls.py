from django.urls import path

from training.web.selfservice import own, views

urlpatterns = [
    path("me/", own.page, name="own-page"),
    path("me/held/", own.held, name="own-held"),
    path("me/survey/", own.survey, name="own-survey"),
    path("me/outcome/", own.outcome, name="own-outcome"),
    path("me/rating/", own.rating, name="own-rating"),
    path("me/request/", own.request_right, name="own-request"),
    path("me/consent/", own.consent, name="own-consent"),
    path("me/leave/", own.leave, name="own-leave"),
    path("me/<str:token>/", own.link, name="own-link"),
    path("own-links/", views.sessions, name="own-links"),
    path("own-links/export/", views.sessions.file, name="own-links-export"),
    path("own-links/sessions/<int:pk>/slips.pdf", views.slips, name="own-links-print"),
    path("own-links/enrolments/<int:pk>/", views.issue, name="own-link-issue"),
]
