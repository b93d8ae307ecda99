"""The cable between a station and its server can be cut and joined."""

import socket
from threading import Thread

import pytest

from kiosk.simulator.network import NetworkCable, obey


@pytest.fixture
def echo_port():
    """A server that sends everything back."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=echo_all, args=[listener], daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def echo_all(listener: socket.socket) -> None:
    try:
        while True:
            Thread(target=echo, args=[listener.accept()[0]], daemon=True).start()
    except OSError:
        return


def echo(connection: socket.socket) -> None:
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data)


@pytest.fixture
def cable(echo_port):
    with NetworkCable("127.0.0.1", echo_port) as cable:
        yield cable


def connect(cable: NetworkCable) -> socket.socket:
    return socket.create_connection(("127.0.0.1", cable.port), timeout=3)


def receive_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_both_directions_pass_whole_and_end_in_order(cable):
    sent = bytes(range(256)) * 2000
    with connect(cable) as connection:
        Thread(target=lambda: (connection.sendall(sent), connection.shutdown(socket.SHUT_WR))).start()

        assert receive_all(connection) == sent


def test_a_cut_drops_what_is_open_and_refuses_what_is_new(cable):
    with connect(cable) as connection:
        connection.sendall(b"before")
        assert connection.recv(100) == b"before"
        cable.cut()
        assert connection.recv(100) == b""
    assert cable.is_cut
    with pytest.raises(ConnectionRefusedError):
        connect(cable)


def test_a_joined_cable_passes_on_the_same_port(cable):
    port = cable.port
    cable.cut()
    cable.cut()
    cable.restore()
    cable.restore()

    assert cable.port == port
    with connect(cable) as connection:
        connection.sendall(b"after")
        assert connection.recv(100) == b"after"


def test_a_server_that_is_down_looks_like_one(cable, echo_port):
    with NetworkCable("127.0.0.1", 1) as dead, connect(dead) as connection:
        assert connection.recv(100) == b""


@pytest.mark.parametrize(("size", "echoed"), [(1, b"0"), (5, b"01234"), (10, b"0123456789")])
def test_an_answer_is_torn_where_it_was_asked_for(cable, size, echoed):
    with connect(cable) as connection:
        cable.cut_after(size, towards="station")
        connection.sendall(b"0123456789")

        assert receive_all(connection) == echoed
    assert cable.is_cut


def test_a_torn_request_arrives_half_and_is_never_answered(cable):
    with connect(cable) as connection:
        cable.cut_after(15, towards="server")
        connection.sendall(b"0123456789")
        assert connection.recv(100) == b"0123456789"
        connection.sendall(b"0123456789")

        assert receive_all(connection) == b""
    assert cable.is_cut


def test_a_joined_cable_has_forgotten_where_it_was_to_be_torn(cable):
    cable.cut_after(3, towards="server")
    cable.restore()
    with connect(cable) as connection:
        connection.sendall(b"whole again")

        assert connection.recv(100) == b"whole again"


def test_commands_are_obeyed_and_others_said_to_be_none(cable):
    assert obey(cable, ["cut"])
    assert cable.is_cut
    assert obey(cable, ["restore"])
    assert not cable.is_cut
    assert obey(cable, ["cut", "server", "1"])
    assert not obey(cable, ["cut", "sideways", "1"])
    assert not obey(cable, [])
