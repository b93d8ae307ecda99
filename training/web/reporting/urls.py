from django.urls import path

from training.web.reporting import views

urlpatterns = [
    path("", views.indicators, name="indicators"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("rows/", views.figure_rows, name="figure-rows"),
    path("rows/<slug:ending>/", views.figure_file, name="figure-rows-export"),
    path("targets/<slug:code>/", views.target, name="target-enrolments"),
    path("targets/<slug:code>/<slug:ending>/", views.target_file, name="target-export"),
    path("rates/<slug:code>/", views.rate, name="rate-enrolments"),
    path("rates/<slug:code>/<slug:ending>/", views.rate_file, name="rate-export"),
    path("villages/", views.villages, name="poor-villages"),
    path("villages/export/", views.villages.file, name="poor-villages-export"),
    path("stated/", views.stated_values, name="stated-values"),
    path("stated/export/", views.stated_values.file, name="stated-values-export"),
    path("stated/add/", views.add_value, name="stated-value-add"),
    path("stated/load/", views.load_values, name="stated-values-load"),
    path("months/", views.months, name="reported-months"),
    path("months/report/", views.report_month, name="month-report"),
    path("months/<slug:month>/", views.month, name="reported-month"),
    path("months/<slug:month>/supplement/", views.supplement, name="month-supplement"),
    path("<slug:depth>/", views.depth, name="indicator-enrolments"),
    path("<slug:depth>/<slug:ending>/", views.depth_file, name="indicator-export"),
]
