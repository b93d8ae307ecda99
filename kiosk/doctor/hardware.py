"""What is plugged in: ports, readers, camera, face model, photo decoder. Each is tried for real."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import cv2

from kiosk import hints
from kiosk.camera import Camera, Image
from kiosk.doctor.findings import Finding
from kiosk.face import FaceModel, reduced
from kiosk.idcard.dialogue import CardDialogue, ReaderEvent, ReaderFault, ReaderReady
from kiosk.idcard.photo import NoDecoder, PhotoDecoder, PhotoError
from kiosk.idcard.ports import Port, Ports, ReaderError, open_port
from kiosk.idcard.reader import TOKEN_BAUD, Until, converse, find_reader

READER_SECONDS = 12.0
CAMERA_SECONDS = 6.0
SETTLE_SECONDS = 1.0
"""Cameras open their eyes slowly: the first pictures are dark."""
MODEL_SECONDS = 60.0
PROC = Path("/proc")

USE_GROUP = (
    "sudo usermod -aG {group} 用户名，重新登录",
    "sudo usermod -aG {group} USER, then log in again",
)
PLUG_IN = (
    "插上读卡器；CH340 芯片的，卸掉 brltty（它会占用）",
    "Plug the reader in; for a CH340 remove brltty, which takes it",
)
STOP_OTHERS = (
    "关掉占用它的程序；签到程序在运行的，先停下再检查",
    "End the program that has it; stop kiosk run before looking",
)
NEXT = {
    "no_port": PLUG_IN,
    "unplugged": PLUG_IN,
    "port_busy": STOP_OTHERS,
    "no_permission": (USE_GROUP[0].format(group="dialout"), USE_GROUP[1].format(group="dialout")),
    "no_reader": (
        "用 kiosk read --ports 看端口；检查电源",
        "See the ports with kiosk read --ports; check its power",
    ),
    "silent": ("拔下等十秒再插；换一根线", "Unplug it for ten seconds; try another cable"),
}
"""What to do about a reader, where its own sentence does not say."""


@dataclass(frozen=True)
class Parts:
    """What this station should have; None or False is not looked at."""

    reader: str | None = None
    token: str | None = None
    camera: str | None = None
    face: bool = True
    ports: Ports = field(default_factory=Ports)
    photos: PhotoDecoder = field(default_factory=NoDecoder)


def look(parts: Parts) -> Iterator[Finding]:
    """Everything that is set, and every serial port there is."""
    yield from _ports(parts)
    if parts.reader:
        yield _reader(parts.reader, parts.ports)
    if parts.token:
        yield _token(parts.token)
    if parts.camera:
        yield from _camera(parts.camera)
    if parts.camera and parts.face:
        yield _face()
    yield _photos(parts.photos)


# Serial ports


def _ports(parts: Parts) -> Iterator[Finding]:
    listed = parts.ports.listed()
    yield from map(_port, listed)
    if not listed and parts.reader and "://" not in parts.reader:
        yield Finding("port", "warning", "没有找到串口设备", "No serial port found", None, *PLUG_IN)


def _port(port: Port) -> Finding:
    about = [Path(port.device).name, port.description.removeprefix("n/a"), port.by_id]
    name = " ".join(filter(None, about))
    if os.name == "posix" and not os.access(port.device, os.R_OK | os.W_OK):
        group = _group(Path(port.device))
        advice = [text.format(group=group) for text in USE_GROUP]
        return Finding("port", "warning", f"{name}：没有权限", f"{name}: no permission", port.url, *advice)
    if users := holders(port.device):
        names = ", ".join(users)
        zh, en = f"{name}：{names} 正在使用", f"{name}: in use by {names}"
        return Finding("port", "warning", zh, en, port.url, *STOP_OTHERS)
    return Finding("port", "ok", name, name, port.url)


def _group(path: Path) -> str:
    """Who may open it; `dialout` where that can't be told."""
    with suppress(OSError, KeyError, NotImplementedError):
        return path.group()
    return "dialout"


def holders(device: str) -> list[str]:
    """Other programs that have the device open, as `name (pid)`; what we may not look into is not seen."""
    target, found = os.path.realpath(device), set[str]()
    for link in PROC.glob("[0-9]*/fd/*"):
        process = link.parents[1]
        with suppress(OSError):  # it ended, or it is somebody else's
            if process.name != str(os.getpid()) and os.readlink(link) == target:
                found.add(f"{(process / 'comm').read_text().strip()} ({process.name})")
    return sorted(found)


# Readers


def _reader(url: str, ports: Ports) -> Finding:
    try:
        line, reply = find_reader(ports.candidates(url), Until(READER_SECONDS))
        baud = line.port.baudrate
        with closing(converse(line, reply, CardDialogue())) as events:  # type: ignore[type-var]
            said = next((event for event in events if isinstance(event, ReaderReady | ReaderFault)), None)
    except ReaderError as error:
        return Finding(
            "reader", "error", error.message, error.message_en, error.code, *NEXT.get(error.code, ("", ""))
        )
    return _answer(said, line.url, baud)


def _answer(said: ReaderEvent | None, url: str, baud: int) -> Finding:
    if isinstance(said, ReaderReady) and said.sam_id:
        speed = "" if "://" in url else f"，{baud} baud"
        zh, en = (
            f"正常{speed}，安全模块 {said.sam_id}",
            f"It answers{speed.replace('，', ', ')}, SAM {said.sam_id}",
        )
        return Finding("reader", "ok", zh, en, said.sam_id)
    if isinstance(said, ReaderReady):
        what = ("有应答，但读不出安全模块号", "It answers but does not tell its SAM number")
        return Finding("reader", "warning", *what, "", "可以试读一张卡：kiosk read", "Try a card: kiosk read")
    fault = said if isinstance(said, ReaderFault) else ReaderFault("silent")
    return Finding(
        "reader", "error", fault.message, fault.message_en, fault.code, *NEXT.get(fault.code, ("", ""))
    )


def _token(url: str) -> Finding:
    """Such a reader speaks only when a card comes, so an open port is all that can be known."""
    try:
        open_port(url, TOKEN_BAUD).close()
    except ReaderError as error:
        return Finding(
            "token", "error", error.message, error.message_en, error.code, *NEXT.get(error.code, ("", ""))
        )
    advice = ("刷一张试试：kiosk read --token", "Try a card: kiosk read --token")
    return Finding("token", "ok", "端口已打开", "Its port opens", url, *advice)


# Camera and faces


def _camera(source: str) -> Iterator[Finding]:
    image = _picture(source)
    if image is None:
        device = Path(f"/dev/video{source}")
        if source.isdecimal() and device.exists() and not os.access(device, os.R_OK | os.W_OK):
            advice = [text.format(group="video") for text in USE_GROUP]
        else:
            advice = ["检查连线；关掉别的占用摄像头的程序", "Check the cable; end other programs that use it"]
        yield Finding("camera", "error", "没有画面", "It gives no picture", source, *advice)
        return
    size = f"{image.shape[1]}×{image.shape[0]}"
    yield Finding("camera", "ok", f"有画面，{size}", f"It gives pictures, {size}", size)
    yield _light(image)
    yield _sharpness(image)


def _picture(source: str) -> Image | None:
    """A picture from when the camera got used to the light."""
    camera = Camera(source, stale_seconds=3.0)
    camera.start()
    try:
        first = camera.next_frame(0, CAMERA_SECONDS)
        used_to_it = monotonic() + SETTLE_SECONDS
        while first and monotonic() < used_to_it:
            sleep(0.1)
        frame = camera.frame() or first
    finally:
        camera.stop()
    return frame.image if frame else None


def _light(image: Image) -> Finding:
    brightness = round(float(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).mean()), 1)
    zh, en = f"平均亮度 {brightness:.0f}（0–255）", f"Mean brightness {brightness:.0f} of 255"
    advice = {
        "face_dark": ("太暗：开灯，或让灯照着人脸", "Too dark: switch a light on, towards the face"),
        "face_bright": ("太亮：避开窗户和直射光", "Too bright: turn away from windows and lamps"),
    }.get(hints.exposure(image) or "")
    return Finding("light", "warning" if advice else "ok", zh, en, brightness, *(advice or ("", "")))


def _sharpness(image: Image) -> Finding:
    picture = reduced(image)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    edges = round(float(cv2.Laplacian(grey, cv2.CV_64F).var()), 1)
    zh, en = f"清晰度 {edges:.0f}", f"Sharpness {edges:.0f}"
    if edges >= hints.BLURRED:
        return Finding("sharpness", "ok", zh, en, edges)
    advice = ("擦镜头，调焦距；镜头盖打开", "Wipe and focus the lens; take its cap off")
    return Finding("sharpness", "warning", zh, en, edges, *advice)


def _face() -> Finding:
    model = FaceModel()
    model.start()
    if model.wait(MODEL_SECONDS):
        return Finding("face", "ok", "已加载", "It loads")
    advice = ("按锁文件重新安装；可先用 --no-face", "Install again from the lock; --no-face meanwhile")
    return Finding("face", "error", "打不开", "It does not load", None, *advice)


def _photos(decoder: PhotoDecoder) -> Finding:
    if decoder.trouble == "no_decoder":
        what = ("没有配置解码库，用同意后登记的头像", "No decoder; portraits enrolled with consent are used")
        return Finding("photo", "ok", *what, decoder.trouble)
    try:
        decoder.decode(bytes(1024))
    except PhotoError as error:
        if error.code not in ("refused", "bad_image"):  # it is right to refuse nothing but zeros
            advice = (
                "检查 station.toml 的 [photo]；联系读卡器厂家",
                "See [photo] in station.toml; ask the vendor",
            )
            return Finding(
                "photo", "error", error.wording.chinese, error.wording.english, error.code, *advice
            )
    finally:
        decoder.stop()
    return Finding("photo", "ok", "解码库可用", "The decoder works", "")
