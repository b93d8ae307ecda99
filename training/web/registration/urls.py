from django.urls import path

from training.web.registration import public, views

urlpatterns = [
    path("r/status/", public.status, name="application-status"),
    path("r/status/withdraw/", public.withdraw, name="application-withdraw-own"),
    path("r/<str:token>/", public.apply, name="public-registration"),
    path("r/<str:token>/done/", public.done, name="public-registration-done"),
    path("registration/", views.calls, name="registration"),
    path("registration/export", views.calls.file, name="registration-export"),
    path("registration/sessions/<int:pk>/", views.open_call, name="registration-open"),
    path("registration/<int:pk>/", views.call, name="registration-call"),
    path("registration/<int:pk>/export", views.export_applications, name="applications-export"),
    path("registration/<int:pk>/poster", views.poster, name="registration-poster"),
    path("registration/<int:pk>/switch/", views.switch, name="registration-switch"),
    path("registration/<int:pk>/review/", views.review, name="applications-review"),
    path("registration/<int:pk>/accept/", views.accept, name="applications-accept"),
    path("registration/<int:pk>/add/", views.add, name="application-add"),
    path("registration/<int:pk>/nominate/", views.nominate, name="nominate"),
    path("registration/<int:pk>/nominate/list/", views.nominate_list, name="nominate-list"),
    path("registration/<int:pk>/nominate/template", views.template, name="nominate-template"),
    path("registration/lists/<int:pk>/", views.nomination_list, name="nomination-list"),
    path("registration/lists/<int:pk>/marked", views.marked, name="nomination-marked"),
    path("registration/applications/<int:pk>/", views.application, name="application"),
    path("registration/applications/<int:pk>/withdraw/", views.withdraw, name="application-withdraw"),
    path("registration/enrolments/<int:pk>/", views.enrolment, name="enrolment-history"),
]
