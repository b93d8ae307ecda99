from django.contrib.auth import views as auth
from django.urls import path, reverse_lazy

from training.web.account import views
from training.web.account.forms import NewPasswordForm, SignInForm
from training.web.gate import READING, SENDING, at_most, before_second_factor

# Axes stops whoever guesses at one account; this one, whoever tries one password on many. A county hall in which
# everybody comes to work at eight is behind one address.
opening = at_most("invitation", limit=60, seconds=600, methods=READING | SENDING)
signing_in = at_most("sign-in", limit=100, seconds=600, methods=SENDING)

urlpatterns = [
    path(
        "login/",
        signing_in(
            auth.LoginView.as_view(
                template_name="account/login.html",
                authentication_form=SignInForm,
                redirect_authenticated_user=True,
            )
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
    path("security/sign-out/<slug:browser>/", views.sign_out_one, name="sign-out-browser"),
    path("invitation/<str:token>/", opening(views.invitation), name="invitation"),
    path("membership/", views.switch_membership, name="switch-membership"),
]
