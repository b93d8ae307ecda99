from django.urls import path

from training.web.followup import views

urlpatterns = [
    path("", views.follow_ups, name="followups"),
    path("export/", views.follow_ups.file, name="followups-export"),
    path("workbook/", views.workbook, name="followups-workbook"),
    path("results/", views.results, name="followups-import"),
    path("results/<int:pk>/", views.taken, name="followups-imported"),
    path("results/<int:pk>/marked/", views.marked, name="followups-marked"),
    path("hand-over/", views.hand_over_rows, name="followups-hand-over"),
    path("handovers/", views.handovers, name="handovers"),
    path("handovers/export/", views.handovers.file, name="handovers-export"),
    path("handovers/<int:pk>/undo/", views.undo, name="handover-undo"),
    path("referrals/", views.referrals, name="followup-referrals"),
    path("referrals/export/", views.referrals.file, name="followup-referrals-export"),
    path("statistics/", views.statistics_page, name="followup-statistics"),
    path("statistics/export/", views.statistics_file, name="followup-statistics-export"),
    path("<int:pk>/contact/", views.contact, name="followup-contact"),
    path("referrals/<int:pk>/", views.referral, name="followup-referral"),
    path("people/<int:pk>/", views.person, name="followup-person"),
    path("people/<int:pk>/phone/", views.phone, name="followup-phone"),
]
