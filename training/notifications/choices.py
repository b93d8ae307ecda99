from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What people are told. The label is the sentence; `notify` fills in its parameters.

    A sentence never says anything about a trainee: it may travel by mail.
    """

    SESSION_SUBMITTED = "session.submitted", _("%(institution)s提交了开班申请：%(session)s")
    SESSION_REVIEWED = "session.reviewed", _("审核员同意开班，有疑问的地方等负责人批准：%(session)s")
    SESSION_RETURNED = "session.returned", _("商务局退回了开班申请，请按原因补正：%(session)s")
    SESSION_APPROVED = "session.approved", _("已批准开班，文号%(number)s：%(session)s")
    SESSION_CANCELLED = "session.cancelled", _("培训已取消：%(session)s")
    SESSION_STOPPED = "session.stopped", _("商务局中止了培训：%(session)s")
    CHANGE_REQUESTED = "change.requested", _("%(institution)s申请变更：%(session)s")
    CHANGE_APPROVED = "change.approved", _("变更已批准，请通知学员：%(session)s")
    CHANGE_DECLINED = "change.declined", _("变更没有批准，按原批准的安排执行：%(session)s")
    CHANGE_WITHDRAWN = "change.withdrawn", _("%(institution)s撤回了变更申请：%(session)s")
    DOSSIER_SUBMITTED = "dossier.submitted", _("%(institution)s提交了培训档案：%(session)s")
    DOSSIER_RETURNED = "dossier.returned", _("商务局退回了培训档案的 %(items)s，请补正：%(session)s")
    DOSSIER_SEALED = "dossier.sealed", _("培训档案已封存，可以申领补贴：%(session)s")
    PROOF_REFUSED = "proof.refused", _("授课人%(name)s的资质证明没有通过核验")
    PROOF_EXPIRING = "proof.expiring", _("授课人%(name)s的资质证明 %(day)s 到期，请换新的")
    STATION_ALARM = "station.alarm", _("%(at)s有课，签到终端“%(station)s”要处理")
