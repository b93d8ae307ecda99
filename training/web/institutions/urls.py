from django.urls import path

from training.web.institutions import agreements, views

urlpatterns = [
    # the county's
    path("", views.institutions, name="bureau-institutions"),
    path("export/", views.institutions.file, name="bureau-institutions-export"),
    path("register/", views.register, name="bureau-institution-register"),
    path("<int:pk>/", views.institution, name="bureau-institution"),
    path("<int:pk>/staff/", views.add_staff, name="bureau-institution-staff"),
    path("<int:pk>/scope/", views.confirm_scope, name="institution-scope"),
    path("<int:pk>/local/", views.local_registration, name="institution-local"),
    path("<int:pk>/admit/", views.admit, name="bureau-institution-admit"),
    path("<int:pk>/return/", views.send_back, name="institution-return"),
    path("<int:pk>/suspend/", views.suspend, name="institution-suspend"),
    path("<int:pk>/reinstate/", views.reinstate, name="institution-reinstate"),
    path("<int:pk>/remove/", views.remove, name="institution-remove"),
    path("licences/<int:pk>/verify/", views.verify_licence, name="licence-verify"),
    path("licences/<int:pk>/refuse/", views.refuse_licence, name="licence-refuse"),
    # both sides'
    path("expiring/", views.expiring, name="papers-expiring"),
    path("expiring/export/", views.expiring.file, name="papers-expiring-export"),
    path("agreements/", agreements.agreements, name="agreements"),
    path("agreements/export/", agreements.agreements.file, name="agreements-export"),
    path("agreements/<int:pk>/", agreements.agreement, name="agreement"),
    # an institution's own
    path("ours/", views.papers, name="papers"),
    path("ours/details/", views.details, name="institution-details"),
    path("ours/submit/", views.submit, name="institution-submit"),
    path("ours/licence/", views.add_licence, name="licence-add"),
    path("ours/agreement/", agreements.add, name="agreement-add"),
    path("agreements/<int:pk>/tasks/", agreements.add_task, name="agreement-task"),
    path("agreements/<int:pk>/indicators/", agreements.add_indicator, name="agreement-indicator"),
    path("agreements/<int:pk>/change/", agreements.change, name="agreement-change"),
    path("agreements/<int:pk>/confirm/", agreements.confirm, name="agreement-confirm"),
    path("agreements/<int:pk>/fulfil/", agreements.fulfil, name="agreement-fulfil"),
    path("agreements/<int:pk>/terminate/", agreements.terminate, name="agreement-terminate"),
    path("tasks/<int:pk>/remove/", agreements.remove_task, name="agreement-task-remove"),
    path("indicators/<int:pk>/remove/", agreements.remove_indicator, name="agreement-indicator-remove"),
]
