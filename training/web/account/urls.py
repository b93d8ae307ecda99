from django.contrib.auth import views as auth
from django.urls import path, reverse_lazy

from training.web.account import views
from training.web.account.forms import NewPasswordForm, SignInForm

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
        auth.PasswordChangeView.as_view(
            template_name="account/password.html",
            form_class=NewPasswordForm,
            success_url=reverse_lazy("home"),
        ),
        name="password",
    ),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("membership/", views.switch_membership, name="switch-membership"),
]
