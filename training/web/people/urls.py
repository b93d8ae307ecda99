from django.urls import path

from training.web.people import views

urlpatterns = [
    path("", views.accounts, name="accounts"),
    path("export/", views.accounts.file, name="accounts-export"),
    path("add/", views.add, name="account-add"),
    path("<int:pk>/", views.account, name="account"),
    path("<int:pk>/link/", views.new_link, name="account-link"),
    path("<int:pk>/deactivate/", views.deactivate, name="account-deactivate"),
    path("<int:pk>/reactivate/", views.reactivate, name="account-reactivate"),
    path("<int:pk>/second-factor/", views.forget_second_factor, name="account-forget-factor"),
    path("<int:pk>/role/", views.give_role, name="account-role"),
    path("roles/<int:pk>/end/", views.end_role, name="role-end"),
]
