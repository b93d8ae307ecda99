from django.urls import path

from training.web.instructors import evaluations, views

urlpatterns = [
    path("", views.instructors, name="instructors"),
    path("export/", views.instructors.file, name="instructors-export"),
    path("add/", views.add_instructor, name="instructor-add"),
    path("<int:pk>/", views.instructor, name="instructor"),
    path("<int:pk>/edit/", views.revise, name="instructor-edit"),
    path("<int:pk>/account/", views.invite, name="instructor-invite"),
    path("<int:pk>/suspend/", views.suspend, name="instructor-suspend"),
    path("<int:pk>/reinstate/", views.reinstate, name="instructor-reinstate"),
    path("pool/", views.pool, name="instructor-pool"),
    path("pool/export/", views.pool.file, name="instructor-pool-export"),
    path("proofs/", views.proofs, name="proofs"),
    path("proofs/export/", views.proofs.file, name="proofs-export"),
    path("proofs/<int:pk>/verify/", views.verify_proof, name="bureau-proof-verify"),
    path("proofs/<int:pk>/refuse/", views.refuse_proof, name="proof-refuse"),
    path("evaluations/", evaluations.owed, name="evaluations-owed"),
    path("evaluations/export/", evaluations.owed.file, name="evaluations-owed-export"),
    path("evaluations/<int:pk>/", evaluations.evaluations, name="evaluations"),
    path("evaluations/<int:pk>/trainees/<int:instructor>/", evaluations.trainees, name="evaluation-trainees"),
    path("evaluations/<int:pk>/bureau/<int:instructor>/", evaluations.bureau, name="evaluation-bureau"),
]
