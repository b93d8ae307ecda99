from django.urls import path

from training.web.courses import views

urlpatterns = [
    path("", views.courses, name="courses"),
    path("export/", views.courses.file, name="courses-export"),
    path("add/", views.add_course, name="course-add"),
    path("<int:pk>/", views.course, name="course"),
    path("<int:pk>/revise/", views.revise_course, name="course-revise"),
    path("<int:pk>/draft/", views.draft_outline, name="outline-draft"),
    path("<int:pk>/retire/", views.retire_course, name="course-retire"),
    path("<int:pk>/restore/", views.restore_course, name="course-restore"),
    path("outlines/", views.outlines, name="outlines"),
    path("outlines/export/", views.outlines.file, name="outlines-export"),
    path("outlines/<int:pk>/", views.outline, name="outline"),
    path("outlines/<int:pk>/write/", views.write_outline, name="outline-write"),
    path("outlines/<int:pk>/submit/", views.submit_outline, name="outline-submit"),
    path("outlines/<int:pk>/approve/", views.approve_outline, name="outline-approve"),
    path("outlines/<int:pk>/return/", views.return_outline, name="outline-return"),
    path("courseware/", views.courseware, name="courseware"),
    path("courseware/export/", views.courseware.file, name="courseware-export"),
    path("courseware/add/", views.add_courseware, name="courseware-add"),
    path("courseware/<int:pk>/", views.piece, name="courseware-piece"),
    path("courseware/<int:pk>/submit/", views.submit_courseware, name="courseware-submit"),
    path("courseware/<int:pk>/approve/", views.approve_courseware, name="courseware-approve"),
    path("courseware/<int:pk>/return/", views.return_courseware, name="courseware-return"),
    path("courseware/<int:pk>/withdraw/", views.withdraw_courseware, name="courseware-withdraw"),
]
