"""Everything the station says, in Chinese and English, by code.

A refusal always says what to do next. `person` is the one tone that calls for somebody, and the
only one the screen shows in red.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Literal

Tone = Literal["rest", "wait", "done", "note", "person"]


@dataclass(frozen=True)
class Message:
    """One thing to say; `next_*` is what to do now, shown smaller below."""

    code: str
    tone: Tone
    zh: str
    en: str
    next_zh: str = ""
    next_en: str = ""

    def as_json(self) -> dict[str, str]:
        """For the screen and for scripts."""
        return asdict(self)


def say(code: str, **values: object) -> Message:
    """The message of this code with its blanks filled in; raises KeyError for an unknown code."""
    tone, *texts = TABLE[code]
    zh, en, next_zh, next_en = (text.format_map(values) for text in texts)
    return Message(code, tone, zh, en, next_zh, next_en)


def advise(code: str) -> Message:
    """Only what to do about it: one line, to stand beside another message."""
    message = say(code)
    return replace(message, zh=message.next_zh, en=message.next_en, next_zh="", next_en="")


TABLE: dict[str, tuple[Tone, str, str, str, str]] = {
    # At rest
    "welcome": ("rest", "请放身份证", "Place your ID card", "放在读卡器上，听到提示后拿走", "Lay it on the reader, then take it back"),
    "welcome_no_reader": (
        "rest", "请到工作台签到", "Please sign in at the desk", "读卡器未连接，工作人员可点“见证签到”", "No card reader; staff can use “Witness sign-in”",
    ),
    "not_enrolled": ("person", "本机尚未登记", "This station is not enrolled", "填写服务器地址和一次性登记码，或把登记二维码对准摄像头", "Fill in the server and the one-time code, or show the QR code to the camera"),
    "enrolling": ("wait", "正在登记", "Enrolling", "请稍候，不要关机", "One moment; keep it on"),
    "no_package": ("person", "还没有取得名册", "No roster yet", "请连接网络，名册会自动下载", "Connect to the network; the roster downloads by itself"),
    "package_unreadable": ("person", "名册与本机程序不匹配", "This program can't read the roster", "请升级签到程序；已有的记录都在本机", "Upgrade the station program; its records are kept"),
    "no_session": ("person", "本机没有培训期", "No training session on this station", "请联系培训机构", "Please contact the institution"),
    # Signed in and out
    "signed_in": ("done", "签到成功", "Signed in", "请入座", "Please take a seat"),
    "signed_out": ("done", "签退成功", "Signed out", "再见，请带好随身物品", "Goodbye, and mind your belongings"),
    "already_in": ("note", "已签到，无需重复", "Already signed in", "{sign_out_at} 起可以签退", "You can sign out from {sign_out_at}"),
    "already_out": ("note", "已签退，无需重复", "Already signed out", "本课次记录完整", "This lesson's record is complete"),
    # 随堂抽查
    "check_open": ("wait", "随堂抽查：请再刷一次卡", "Check in class: lay your card again", "在课堂里的每个人都要刷", "Everybody in class, please"),
    "check_answered": ("done", "抽查已记录", "Check recorded", "请回座位", "Please go back to your seat"),
    "check_answered_already": ("note", "抽查已刷过，无需重复", "Already checked", "请回座位", "Please go back to your seat"),
    "check_started": ("done", "抽查开始", "The check has begun", "请通知大家在 {minutes} 分钟内刷卡", "Everybody lays the card within {minutes} min"),
    "check_on_already": ("note", "抽查正在进行", "A check is on already", "结束后才能再开始", "Wait until it is over"),
    "check_no_lesson": ("note", "现在没有在上的课", "No lesson is being taught", "上课时间才能抽查", "Checks are for lessons"),
    "card_expired": ("done", "证件已过期，请及时换领", "This card has expired; please renew it", "", ""),
    # Not now
    "too_early": ("note", "还没到签到时间", "Too early to sign in", "{opens_at} 开始签到", "Sign-in opens at {opens_at}"),
    "lesson_over": ("person", "本课次已结束", "This lesson is over", "如确已到课，请到工作台说明", "If you were here, please tell the staff"),
    "session_over": ("note", "本期课次已全部结束", "All lessons of this session are over", "如有疑问，请到工作台", "Any question: ask at the desk"),
    # Who is this
    "walk_in": ("person", "不在本期名册，请到工作台登记", "Not on the roster: please register at the desk", "刷卡已记录，请找工作人员", "Your visit is recorded; please see the staff"),
    "look": ("wait", "请看摄像头", "Please look at the camera", "一个人站到镜头前", "One person in front of the camera"),
    "turn_left": ("wait", "请向左转头", "Please turn your head left", "再转回来", "Then look ahead again"),
    "turn_right": ("wait", "请向右转头", "Please turn your head right", "再转回来", "Then look ahead again"),
    "witness_turn": ("person", "请工作人员确认", "Staff, please confirm", "没有按提示转头；核对本人后输入见证码", "The head did not turn as asked; check the person, enter the PIN"),
    "second_look": ("person", "请工作人员确认", "Staff, please confirm", "随机复核；核对本人后输入见证码", "Drawn by chance for a second look; check the person, enter the PIN"),
    "witness_face": ("person", "请工作人员确认", "Staff, please confirm", "核对本人后输入见证码", "Check the person, then enter the witness PIN"),
    "witness_unseen": ("person", "请工作人员确认", "Staff, please confirm", "没有看清面部；核对本人后输入见证码", "No clear view of the face; check the person, enter the PIN"),
    "not_confirmed": ("person", "未确认，请到工作台", "Not confirmed: please go to the desk", "未签到；可重新刷卡或找工作人员", "Not signed in; try again or see the staff"),
    # The witness
    "pin_wrong": ("person", "见证码不对", "Wrong witness PIN", "请重新输入", "Please try again"),
    "pin_locked": ("person", "输错次数太多", "Too many wrong PINs", "请 {seconds} 秒后再试", "Try again in {seconds} s"),
    "nobody_waiting": ("note", "现在没有需要确认的人", "Nobody is waiting", "请先刷卡", "Lay a card first"),
    "second_needed": ("person", "还需要第二位见证人", "A second witness is needed", "没有证件签到要两位见证人；请另一位输入见证码", "Without a card it takes two; the other enters a PIN"),
    "second_same": ("person", "两个见证码是同一个人的", "Both PINs are the same witness's", "请另一位见证人输入见证码", "The other witness enters a PIN"),
    "number_wrong": ("person", "证件号码不对", "Not a valid card number", "请对照证件再输一遍，最后一位是校验码", "Compare it with the card; the last place is a check digit"),
    "not_allowed": ("person", "本机没有开通这项", "This station may not do that", "需要时请商务局在系统里开通", "The bureau can allow it on the server"),
    "token_unknown": ("person", "这张卡还没有发给谁", "Nobody has this card yet", "请刷身份证，或请工作人员先发卡", "Use your ID card, or ask the staff to give you this one"),
    "token_wrong": ("note", "没读懂这张卡", "Not a card number", "请再刷一次", "Present the card again"),
    "token_awaited": ("wait", "请刷要发的卡", "Present the card to be given", "听到提示后交给本人", "Then hand it over"),
    "token_given": ("done", "发卡成功", "Card given", "以后可以刷这张卡签到", "It signs this person in from now on"),
    "enrolment_unknown": ("person", "名册里没有这个人", "Not on the roster", "请核对名册", "Please check the roster"),
    # Pictures
    "photo_taken": ("done", "课堂照片已保存", "Class photo saved", "已与本课次绑定", "Bound to this lesson"),
    "photo_taken_at_fair": ("done", "现场照片已保存", "Photo saved", "已与本场对接会绑定", "Bound to this job fair"),
    "photo_no_lesson": ("note", "现在没有课次", "No lesson now", "上课时间再拍", "Take it during a lesson"),
    "portrait_saved": ("done", "头像已登记", "Portrait enrolled", "只存在本机，加密保存，不存照片", "Kept encrypted on this station only; no picture is stored"),
    "portrait_no_consent": ("person", "没有刷脸同意书", "No consent to face check", "不需要刷脸也能签到", "Signing in works without it"),
    "face_none": ("person", "没有看到人脸", "No face seen", "请看镜头，光线亮一些", "Look at the camera, with more light"),
    "face_many": ("person", "镜头里不止一个人", "More than one person", "请一个人站到镜头前", "One person at a time, please"),
    "face_small": ("person", "人脸太小", "The face is too small", "请靠近一点", "Please come closer"),
    "face_blurred": ("person", "画面不清楚", "The picture is blurred", "请站稳，擦一擦镜头", "Stand still; wipe the lens"),
    "face_dark": ("person", "光线太暗", "Too dark", "请开灯，或站到亮处", "Switch on a light, or stand where it is lighter"),
    "face_bright": ("person", "背光或太亮", "Backlit or too bright", "请转个方向，不要背对窗户", "Turn a little; no window behind you"),
    "chip_photo_off": ("rest", "本机没有证件照解码库，按登记头像比对", "No decoder for the card's photo here; enrolled portraits are used", "", ""),
    "chip_photo_on": ("rest", "没有登记头像时按证件照比对", "Without an enrolled portrait, the card's photo is used", "", ""),
    "face_loading": ("note", "正在准备", "Getting ready", "请过几秒再试", "Try again in a few seconds"),
    "roster": ("rest", "名册", "Roster", "", ""),
    "face_off": ("note", "本期不用刷脸", "No face check in this session", "刷身份证即可签到", "The ID card is enough"),
    "language_changed": ("rest", "已切换为中文", "Switched to English", "", ""),
    # Parts
    "card_unreadable": ("note", "没读到，请拿起来再放一次", "Not read: lift the card and lay it again", "贴紧读卡区，不要夹在手机壳里", "Flat on the reader, without a phone case"),
    "reader_ready": ("rest", "读卡器正常", "Card reader ready", "", ""),
    "reader_starting": ("rest", "正在连接读卡器", "Connecting to the card reader", "", ""),
    "reader_off": ("rest", "未配置读卡器", "No card reader configured", "", ""),
    "reader_fault": ("person", "读卡器没有反应", "The card reader does not answer", "请检查连线；可先用见证签到", "Check the cable; use witness sign-in meanwhile"),
    "camera_live": ("rest", "摄像头正常", "Camera ready", "", ""),
    "camera_starting": ("rest", "正在打开摄像头", "Opening the camera", "", ""),
    "camera_off": ("rest", "未配置摄像头", "No camera configured", "刷身份证即可签到", "The ID card is enough"),
    "camera_stopped": ("person", "摄像头没有画面", "The camera gives no picture", "请检查连线；刷身份证照常签到", "Check the cable; ID cards still work"),
    # Records
    "not_recorded": ("person", "没有记上，请找工作人员", "NOT recorded: please see the staff", "本机磁盘写不进去，请改用纸质签到", "The disk can't be written; use the paper register"),
    "queue_empty": ("rest", "全部已上传", "Everything uploaded", "", ""),
    "queue": ("rest", "已记录，待上传 {pending} 条", "Recorded, {pending} to upload", "", ""),
    "held": ("person", "{held} 条需要核对", "{held} to be checked", "记录仍在，请在系统里查看原因", "Nothing is lost; see the reasons on the server"),
    "may_power_off": ("rest", "可以关机", "Safe to power off", "", ""),
    "keep_on": ("rest", "请勿关机", "Keep it on", "", ""),
    "station_revoked": ("person", "本机已停用", "This station is revoked", "记录仍在本机，请联系商务局", "Records are kept here; contact the bureau"),
    "disk_unwritable": ("person", "磁盘写不进去：签到、签退、拍照都记不上", "The disk takes nothing: no sign-in, sign-out or photo is recorded", "请改用纸质签到，腾出磁盘空间；能写后自动恢复", "Use the paper register and free some space; it recovers by itself"),
    "disk_low": ("note", "磁盘快满了，只剩 {megabytes} MB", "The disk is nearly full: {megabytes} MB left", "满了就记不上签到，请腾出空间", "When it is full nothing is recorded; free some space"),
    "clock_jumped": ("note", "本机时间被调过 {seconds} 秒", "This machine's clock was set by {seconds} s", "请核对右上角的时间；记录照实保存，不改动", "Check the time on the screen; records stay as they are"),
    "clock_wrong": ("note", "本机时间与服务器相差 {seconds} 秒", "This machine's clock is {seconds} s off", "请校准电脑时间", "Set the computer's clock"),
    "upgrade_needed": ("person", "签到程序需要升级", "This program must be upgraded", "记录仍在本机，签到照常；请技术人员升级程序", "Records are kept here and signing in goes on; ask for the upgrade"),
    "station_unknown": ("person", "本机未登记", "This station is unknown", "记录仍在本机，请联系商务局", "Records are kept here; contact the bureau"),
    "retried": ("done", "{number} 条已重新排队", "{number} queued again", "联网后自动上传", "They go up when there is a network"),
    "knows": ("rest", "本机资料", "What this device knows", "", ""),
    "paper": ("rest", "纸质签到表", "Paper register", "", ""),
    # The command line
    "enrolled": ("done", "登记成功：{name}", "Enrolled: {name}", "", ""),
    "renewed": ("done", "续用成功：{name}", "Renewed: {name}", "签到程序正在运行的，请重新启动", "If the station is running, start it again"),
    "resent": (
        "done", "重传了 {number} 条记录、{photos} 张照片，其中 {new} 条、{new_photos} 张服务器原来没有",
        "Sent {number} event(s) and {photos} photo(s) again; {new} and {new_photos} of them were new to the server", "", "",
    ),
    "already_enrolled": (
        "person", "本机已登记为“{name}”", "Already enrolled as “{name}”",
        "新终端请用新的数据目录；续用本机，请商务局在这台终端的页面上生成登记码",
        "Use a new home for a new station; to renew this one ask the bureau for a code from its own page",
    ),
    "qr_none": ("person", "没有看到二维码", "No QR code seen", "把登记二维码正对镜头，或改用 --server 和 --code", "Hold the enrolment code to the camera, or use --server and --code"),
    "qr_foreign": ("person", "这不是登记二维码", "This is not an enrolment code", "在商务局的“签到终端”页打开登记二维码", "Open the code on the bureau's page of stations"),
    "file_unreadable": ("person", "文件打不开：{detail}", "Can't read the file: {detail}", "", ""),
    "server_unreachable": ("person", "连不上服务器：{detail}", "Can't reach the server: {detail}", "请检查网络和地址", "Check the network and the address"),
    "server_refused": ("person", "服务器没有同意：{detail}", "The server refused: {detail}", "", ""),
    "journal_broken": ("person", "本机数据打不开：{detail}", "Can't open the station's data: {detail}", "请不要删除数据目录，联系技术人员", "Keep the data directory; ask for support"),
    "listen_not_local": ("person", "只能在本机打开：{detail}", "Loopback addresses only: {detail}", "例如 127.0.0.1:8765", "For example 127.0.0.1:8765"),
    "listen_taken": ("person", "地址已被占用：{detail}", "Address in use: {detail}", "请换一个端口", "Choose another port"),
    "serving": ("done", "签到屏幕：{address}", "Station screen: {address}", "", ""),
    "no_card": ("person", "没有读到卡：{detail}", "No card read: {detail}", "", ""),
    "no_ports": ("note", "本机没有串口", "This machine has no serial port", "", ""),
    "no_port_set": ("person", "没有设定读卡器", "No reader is set", "请写 --port，或在 station.toml 里设定", "Give --port, or set it in station.toml"),
    "settings_wrong": ("person", "设置文件 {file} 的 {place} 有误：{zh}", "Mistake in {file}, {place}: {en}", "请改正后再运行", "Put it right and run again"),
    "video_written": ("done", "已生成：{path}", "Written: {path}", "", ""),
    "file_trouble": ("person", "写不了文件：{detail}", "Can't write the file: {detail}", "", ""),
    "stopping": ("rest", "签到程序已停止，记录都在本机", "Stopped; every record is on this machine", "", ""),
    "healthy": ("done", "一切正常", "All is well", "", ""),
    "unhealthy": ("person", "有 {number} 项需要处理", "{number} thing(s) need attention", "", ""),
    "face_unknown": ("person", "没有这张脸：{detail}", "No such face: {detail}", "可用 astronaut、grace_hopper、both、nobody", "Use astronaut, grace_hopper, both or nobody"),
    # Requests that the screen never makes
    "not_local": ("person", "只接受本机页面的操作", "Only this station's own page may do that", "", ""),
    "request_wrong": ("person", "请求不完整", "The request is incomplete", "", ""),
}  # fmt: skip
