from __future__ import annotations

from typing import Any

from crispy_forms.bootstrap import StrictButton
from crispy_forms.helper import FormHelper
from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordForm
from django.utils.translation import gettext_lazy as _

from training.web.forms import CardForm


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": _(
            "账号或密码不对，请重新输入。忘记密码，请找给您开账号的人要一个新链接：机构的找商务局，县里的找系统管理员。"
        ),
        "inactive": _("这个账号已停用，请联系系统管理员。"),
    }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["username"].label = _("账号")
        self.fields["password"].label = _("密码")
        self.helper = FormHelper(self)
        self.helper.layout.append(StrictButton(_("登录"), type="submit", css_class="btn-primary w-100"))


class NewPasswordForm(PasswordChangeForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.helper = FormHelper(self)
        self.helper.layout.append(StrictButton(_("改密码"), type="submit", css_class="btn-primary"))


class FirstPasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.helper = FormHelper(self)
        self.helper.layout.append(
            StrictButton(_("设好密码，登录"), type="submit", css_class="btn-primary w-100")
        )


class CodeForm(CardForm):
    submit_label = _("继续")
    button_class = "btn-primary w-100"
    code = forms.CharField(
        label=_("动态码"),
        max_length=16,
        help_text=_("手机验证器上的六位数字，或一个备用码。"),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "inputmode": "text"}
        ),
    )
