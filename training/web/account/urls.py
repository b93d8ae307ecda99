from django.contrib.auth import views as auth
from django.urls import path

from training.web.account import views
from training.web.account.forms import SignInForm

urlpatterns = [
    path(
        "login/",
        auth.LoginView.as_view(
            template_name="account/login.html",
            authentication_form=SignInForm,
            redirect_authenticated_user=True,
        ),
        name="login",
    ),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("membership/", views.switch_membership, name="switch-membership"),
]
