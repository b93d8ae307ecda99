from django.urls import path

from training.web.rules import views

urlpatterns = [
    path("file/", views.file, name="programme-file"),
    path("unconfirmed/", views.unconfirmed, name="rules-unconfirmed"),
    path("versions/", views.versions, name="rule-versions"),
    path("versions/<int:number>/", views.version, name="rule-version"),
    path("versions/<int:number>/withdraw/", views.withdraw, name="rule-version-withdraw"),
    path("draft/", views.draft, name="rule-draft"),
    path("draft/file/", views.upload, name="rule-draft-file"),
    path("draft/preview/", views.preview, name="rule-draft-preview"),
    path("draft/archives/", views.archives, name="rule-draft-archives"),
    path("draft/archives/export/", views.archives.file, name="rule-draft-archives-export"),
    path("draft/rebase/", views.rebase, name="rule-draft-rebase"),
    path("draft/discard/", views.discard, name="rule-draft-discard"),
    path("draft/<slug:section>/", views.section, name="rule-section"),
    path("draft/<slug:section>/add/", views.add_entry, name="rule-entry-add"),
    path("draft/<slug:section>/clear/", views.clear_section, name="rule-section-clear"),
    path("draft/<slug:section>/<slug:key>/", views.entry, name="rule-entry"),
    path("draft/<slug:section>/<slug:key>/remove/", views.remove_entry, name="rule-entry-remove"),
    path("draft/<slug:section>/<slug:key>/up/", views.move_entry_up, name="rule-entry-up"),
]
