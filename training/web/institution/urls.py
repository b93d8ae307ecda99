from django.urls import path

from training.web.institution import views
from training.web.institution.budget import budget

urlpatterns = [
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/export", views.export_sessions, name="sessions-export"),
    path("sessions/plan/", views.plan, name="session-plan"),
    path("sessions/<int:pk>/", views.session, name="session"),
    path("sessions/<int:pk>/revise/", views.revise, name="session-revise"),
    path("sessions/<int:pk>/budget/", budget, name="session-budget"),
    path("sessions/<int:pk>/courseware/", views.pin, name="session-courseware"),
    path("sessions/<int:pk>/witnesses/", views.add_witness, name="witness-add"),
    path("sessions/<int:pk>/submit/", views.submit, name="session-submit"),
    path("sessions/<int:pk>/close/", views.close, name="session-close"),
    path("sessions/<int:pk>/cancel/", views.cancel, name="session-cancel"),
    path("sessions/<int:pk>/roster/", views.roster, name="roster"),
    path("sessions/<int:pk>/roster/template", views.roster_template, name="roster-template"),
    path("sessions/<int:pk>/roster/export", views.roster_export, name="roster-export"),
    path("roster-imports/<int:pk>/", views.roster_import, name="roster-import"),
    path("roster-imports/<int:pk>/marked", views.marked_roster, name="roster-marked"),
    path("roster-imports/<int:pk>/columns/", views.roster_columns, name="roster-columns"),
    path("roster-imports/<int:pk>/cancel/", views.cancel_roster_import, name="roster-import-cancel"),
    path("roster-imports/<int:pk>/resume/", views.resume_roster_import, name="roster-import-resume"),
    path("enrolments/<int:pk>/withdraw/", views.withdraw_enrolment, name="enrolment-withdraw"),
    path("enrolments/<int:pk>/phone/", views.phone, name="enrolment-phone"),
    path("enrolments/<int:pk>/consent/", views.consent, name="consent"),
    path("sessions/<int:pk>/evidence/", views.add_evidence, name="evidence-add"),
    path("evidence/<int:pk>/describe/", views.describe_photo, name="evidence-describe"),
    path("evidence/<int:pk>/withdraw/", views.withdraw_evidence, name="evidence-withdraw"),
    path("sessions/<int:pk>/dossier/", views.submit_dossier, name="dossier-submit"),
    path("sessions/<int:pk>/claim/", views.claim, name="session-claim"),
]
