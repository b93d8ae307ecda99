from django.urls import path

from training.web.followup import views

urlpatterns = [
    path("", views.follow_ups, name="followups"),
    path("export/", views.follow_ups.file, name="followups-export"),
    path("<int:pk>/contact/", views.contact, name="followup-contact"),
    path("people/<int:pk>/", views.person, name="followup-person"),
    path("people/<int:pk>/phone/", views.phone, name="followup-phone"),
    path("people/<int:pk>/outcome/", views.claim, name="followup-outcome"),
    path("outcomes/", views.outcomes, name="outcomes"),
    path("outcomes/<int:pk>/verify/", views.decide, {"accept": True}, name="outcome-verify"),
    path("outcomes/<int:pk>/reject/", views.decide, {"accept": False}, name="outcome-reject"),
]
