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
    ARCHIVE_DUE = "archive.due", _("培训档案 %(day)s 要交齐（不到 %(days)s 天了），请补上缺的：%(session)s")
    ARCHIVE_OVERDUE = "archive.overdue", _("培训档案应在 %(day)s 交齐，已经逾期，请尽快补上：%(session)s")
    ARCHIVE_TO_HAND_IN = (
        "archive.to_hand_in",
        _("培训档案已经齐全，%(day)s 前请提交商务局核验：%(session)s"),
    )
    DOSSIER_SEALED = "dossier.sealed", _("培训档案已封存，可以申领补贴：%(session)s")
    DOSSIER_UNSEALED = "dossier.unsealed", _("商务局负责人解封了培训档案，重新核验：%(session)s")
    PROPERTIES_FAILED = (
        "dossier.properties_failed",
        _("封存的档案再做四性检测没有通过，请看报告：%(session)s"),
    )
    CLAIM_SUBMITTED = "claim.submitted", _("%(institution)s提交了补贴申领：%(session)s")
    REVIEW_DUE = (
        "dossier.review_due",
        _("培训档案 %(day)s 前要核验完（不到 %(days)s 个工作日了）：%(session)s"),
    )
    REVIEW_OVERDUE = "dossier.review_overdue", _("培训档案应在 %(day)s 前核验完，已经超期：%(session)s")
    REUSE_NOTICED = "reuse.noticed", _("%(day)s 发现有材料与别处相同，请核对：%(session)s")
    REUSE_DECIDED = "reuse.decided", _("商务局核对了与别处相同的材料：%(session)s")
    OUTLINE_SUBMITTED = "outline.submitted", _("%(institution)s提交了培训大纲：%(outline)s")
    OUTLINE_APPROVED = "outline.approved", _("培训大纲已批准：%(outline)s")
    OUTLINE_RETURNED = "outline.returned", _("商务局退回了培训大纲，请按原因修改：%(outline)s")
    COURSEWARE_SUBMITTED = "courseware.submitted", _("%(institution)s提交了课件：%(courseware)s")
    COURSEWARE_APPROVED = "courseware.approved", _("课件已通过审定：%(courseware)s")
    COURSEWARE_RETURNED = "courseware.returned", _("课件没有通过审定，请出新版：%(courseware)s")
    CORRECTION_PROPOSED = "correction.proposed", _("有签到更正等第二个人核准：%(session)s")
    CORRECTION_DECIDED = "correction.decided", _("签到更正已有结果：%(session)s")
    EXCLUSION_PROPOSED = "exclusion.proposed", _("有人的结业要剔除，等负责人决定：%(session)s")
    EXCLUSION_DECIDED = "exclusion.decided", _("有人的结业经核查剔除，可以申诉：%(session)s")
    EXCLUSION_APPEALED = "exclusion.appealed", _("对剔除提出了申诉，等另一个人决定：%(session)s")
    APPEAL_DECIDED = "exclusion.appeal_decided", _("对剔除的申诉有了结果：%(session)s")
    APPLICATION_RECEIVED = "application.received", _("有人报名，请审核资格：%(session)s")
    APPLICATION_REVIEWED = "application.reviewed", _("报名资格审核有了结果，可以录取：%(session)s")
    PROOF_REFUSED = "proof.refused", _("授课人%(name)s的资质证明没有通过核验")
    PROOF_EXPIRING = "proof.expiring", _("授课人%(name)s的资质证明 %(day)s 到期，请换新的")
    INSTITUTION_SUBMITTED = "institution.submitted", _("%(institution)s申请入库，请预审")
    INSTITUTION_RETURNED = "institution.returned", _("商务局退回了入库申请，请按原因补正：%(institution)s")
    INSTITUTION_ADMITTED = "institution.admitted", _("%(institution)s已入库，可以新建培训")
    INSTITUTION_SUSPENDED = "institution.suspended", _("%(institution)s已暂停，不能开班，原因见机构页面")
    INSTITUTION_REINSTATED = "institution.reinstated", _("%(institution)s已恢复，可以开班")
    INSTITUTION_REMOVED = "institution.removed", _("%(institution)s已清退，原有档案照常保留")
    INSTITUTIONS_TOO_FEW = (
        "institutions.too_few",
        _("%(month)s：证照和协议都有效的培训机构只有 %(have)s 家，要求 %(need)s 家以上"),
    )
    LICENCE_REFUSED = "licence.refused", _("%(paper)s没有通过核验，请补交")
    LICENCE_EXPIRING = (
        "licence.expiring",
        _("%(institution)s的%(paper)s %(day)s 到期（不到 %(days)s 天了），没有接续的会自动暂停"),
    )
    AGREEMENT_SUBMITTED = "agreement.submitted", _("%(institution)s交来%(agreement)s，核对后请确认生效")
    AGREEMENT_CONFIRMED = "agreement.confirmed", _("%(agreement)s已确认生效，可以据它开班")
    AGREEMENT_TERMINATED = "agreement.terminated", _("%(agreement)s已解除，不能再据它开班")
    AGREEMENT_EXPIRING = (
        "agreement.expiring",
        _("%(institution)s的%(agreement)s %(day)s 到期（不到 %(days)s 天了）"),
    )
    INSTRUCTOR_SUSPENDED = "instructor.suspended", _("授课人%(name)s已暂停授课，请调整他还没上的课")
    EVALUATION_DUE = "evaluation.due", _("培训已结课，请评价授课人：%(session)s")
    INTEGRITY_FAULT = "integrity.fault", _("每晚核对发现 %(count)s 处与保存时不一致，请查看“数据核对”")
    TOWN_REPORT_DUE = (
        "town_report.due",
        _("%(town)s %(month)s 月报 %(day)s 前报送（不到 %(days)s 天了），还没有报"),
    )
    TOWN_REPORT_OVERDUE = (
        "town_report.overdue",
        _("%(town)s %(month)s 月报应在 %(day)s 前报送，已经逾期，请尽快补报"),
    )
    ATTENDANCE_DENIED = "attendance.denied", _("电话核实时有学员否认参训，请调查：%(session)s")
    FAIR_REPORTED = "fair.reported", _("用工对接会已报备：%(fair)s")
    FAIR_REGISTERED = "fair.registered", _("用工对接会已登记结果，等另一个人确认计入：%(fair)s")
    FAIR_RETURNED = "fair.returned", _("商务局退回了对接会的结果，请重新登记：%(fair)s")
    FAIR_COUNTED = "fair.counted", _("用工对接会已确认计入：%(fair)s")
    FOLLOW_UPS_HANDED_OVER = "followups.handed_over", _("%(who)s把 %(count)s 个跟踪阶段交给您负责")
    STATION_ALARM = "station.alarm", _("%(at)s有课，签到终端“%(station)s”要处理")
    COMPLAINT_RECEIVED = "complaint.received", _("收到意见或举报，请分办：编号 %(ticket)s")
    RIGHTS_RECEIVED = "rights.received", _("本人在网上提出了权利请求，请按期限办理")
