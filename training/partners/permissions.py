from django.utils.translation import gettext as _

from training.partners.choices import Purpose
from training.partners.errors import PurposeMissingError
from training.partners.models import PartnerToken


def demand_purpose(token: PartnerToken, purpose: str) -> None:
    """Raises PurposeMissingError unless the token was issued for it too."""
    if purpose not in token.purposes:
        label = Purpose(purpose).label
        raise PurposeMissingError(
            _("这个凭证不能读取“%(what)s”，需要时请商务局另行签发。") % {"what": label}, purpose=purpose
        )
