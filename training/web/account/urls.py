from django.contrib.auth import views as auth
from django.urls import path, reverse_lazy

from training.web.account import views
from training.web.account.forms import NewPasswordForm, SignInForm
from training.web.gate import before_second_factor

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
    path(
        "password/",
        views.ChangePassword.as_view(
            template_name="account/password.html",
            form_class=NewPasswordForm,
            success_url=reverse_lazy("security"),
        ),
        name="password",
    ),
    path("logout/", before_second_factor(auth.LogoutView.as_view()), name="logout"),
    path("second-factor/", views.second_factor, name="second-factor"),
    path("second-factor/setup/", views.second_factor_setup, name="second-factor-setup"),
    path("security/", views.security, name="security"),
    path("security/sign-out-elsewhere/", views.sign_out_elsewhere, name="sign-out-elsewhere"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("membership/", views.switch_membership, name="switch-membership"),
]
