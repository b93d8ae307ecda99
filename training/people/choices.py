from django.db import models
from django.utils.translation import gettext_lazy as _


class Sex(models.TextChoices):
    MALE = "male", _("男")
    FEMALE = "female", _("女")


class ConsentPurpose(models.TextChoices):
    """What a separate consent is for; one never includes another (PIPL art. 29)."""

    FACE = "face", _("人脸比对签到")
