//! Escape tests: sockets of the host, of the network and of the kernel.

use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use casemate_tests::{Scratch, held, marker, probe};

held! {
    /// Address families beyond unix, inet, inet6 and netlink meet a wall.
    other_families_are_walled => "sockets/families.py";
    /// Netlink gives routes and nothing else.
    netlink_is_routes_only => "sockets/netlink.py";
    /// No raw or packet socket can be had.
    raw_sockets_are_refused => "sockets/raw.py";
    /// SOCK_RAW meets a wall of its own, not only a missing capability.
    raw_sockets_are_walled => "sockets/raw_walled.py";
    /// The internet and the metadata service are out of reach.
    internet_is_unreachable => "sockets/external.py";
    /// No name of the internet resolves.
    names_do_not_resolve => "sockets/names.py";
    /// With `none` not even the program's own 127.0.0.1 answers.
    none_has_no_loopback => "sockets/no_loopback.py";
    /// With `none` there is no interface to configure.
    interfaces_are_constant => "sockets/interfaces.py";
    /// Nobody can pretend to be another user on a socket.
    credentials_cannot_be_forged => "sockets/credentials.py";
    /// Privileged socket options are refused.
    privileged_options_are_refused => "sockets/forbidden_options.py";
}

macro_rules! family {
    ($($(#[doc = $claim:literal])+ $name:ident => $number:literal;)+) => {
        $($(#[doc = $claim])+ #[test] fn $name() {
            probe("sockets/family.py").claim(concat!($($claim),+)).arg(stringify!($number)).held();
        })+
    };
}

family! {
    /// AF_VSOCK, the way to the hypervisor, meets a wall.
    vsock_is_walled => 40;
    /// AF_ALG, the kernel's ciphers, meets a wall (CVE-2019-8912 and its class).
    alg_is_walled => 38;
    /// AF_PACKET meets a wall (CVE-2020-14386, CVE-2017-7308).
    packet_is_walled => 17;
    /// AF_KEY, AF_RDS and the like were exploited more than once (CVE-2010-3904): AF_RDS.
    rds_is_walled => 21;
    /// AF_XDP meets a wall.
    xdp_is_walled => 44;
    /// AF_TIPC meets a wall (CVE-2021-43267).
    tipc_is_walled => 30;
}

fn abstract_listener(name: &str) -> UnixListener {
    let address = SocketAddr::from_abstract_name(name).expect("an abstract name");
    let listener = UnixListener::bind_addr(&address).expect("an abstract listener");
    listener
        .set_nonblocking(true)
        .expect("a listener that does not block");
    listener
}

/// An abstract socket of the host cannot be reached, and nobody knocked.
#[test]
fn abstract_socket_of_the_host_is_unreachable() {
    let name = marker();
    let listener = abstract_listener(&name);
    probe("sockets/abstract.py").arg(&name).held();
    assert_eq!(
        listener.accept().expect_err("no caller").kind(),
        ErrorKind::WouldBlock
    );
}

/// With `loopback` an abstract socket of the host is as far away as with `none`.
#[test]
fn abstract_socket_is_unreachable_with_loopback() {
    let name = marker();
    let listener = abstract_listener(&name);
    probe("sockets/abstract.py")
        .with(|run| run.network("loopback"))
        .arg(&name)
        .held();
    assert_eq!(
        listener.accept().expect_err("no caller").kind(),
        ErrorKind::WouldBlock
    );
}

/// A path socket of the host cannot be reached.
#[test]
fn path_socket_of_the_host_is_unreachable() {
    let scratch = Scratch::new();
    let path = scratch.path().join("listener");
    let listener = UnixListener::bind(&path).expect("a path listener");
    listener
        .set_nonblocking(true)
        .expect("a listener that does not block");
    probe("sockets/path.py").arg(&path).held();
    assert_eq!(
        listener.accept().expect_err("no caller").kind(),
        ErrorKind::WouldBlock
    );
}

fn host_listener_unreachable(network: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a TCP listener");
    listener
        .set_nonblocking(true)
        .expect("a listener that does not block");
    let port = listener.local_addr().expect("its address").port();
    probe("sockets/host_port.py")
        .with(|run| run.network(network))
        .arg(port.to_string())
        .held();
    assert_eq!(
        listener.accept().expect_err("no caller").kind(),
        ErrorKind::WouldBlock
    );
}

/// With `none` a TCP listener on the host's loopback is unreachable.
#[test]
fn host_tcp_is_unreachable_with_none() {
    host_listener_unreachable("none");
}

/// With `loopback` the loopback is the sandbox's own, not the host's.
#[test]
fn host_tcp_is_unreachable_with_loopback() {
    host_listener_unreachable("loopback");
}

/// A UDP socket of the host hears nothing from inside.
#[test]
fn host_udp_hears_nothing() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a UDP socket");
    socket
        .set_nonblocking(true)
        .expect("a socket that does not block");
    let port = socket.local_addr().expect("its address").port();
    let program = "import socket, sys\ntry:\n  socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\
                   .sendto(b'x', ('127.0.0.1', int(sys.argv[1])))\nexcept OSError as e:\n  print(e)";
    casemate_tests::Run::python(program)
        .network("loopback")
        .arg(port.to_string())
        .observed()
        .go()
        .succeeded();
    assert_eq!(
        socket.recv(&mut [0; 8]).expect_err("nothing heard").kind(),
        ErrorKind::WouldBlock
    );
}

/// The tables of sockets show none of the host's.
#[test]
fn socket_tables_show_nothing_of_the_host() {
    let name = marker();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a TCP listener");
    let _abstract = abstract_listener(&name);
    let port = format!(":{:04X}", listener.local_addr().expect("its address").port());
    probe("sockets/tables.py").arg(port).arg(name).held();
}

/// With `loopback` there is still no way to the internet.
#[test]
fn internet_is_unreachable_with_loopback() {
    probe("sockets/external.py")
        .with(|run| run.network("loopback"))
        .held();
}

/// With `loopback` the interface cannot be changed either.
#[test]
fn loopback_cannot_be_reconfigured() {
    probe("sockets/interfaces.py")
        .with(|run| run.network("loopback"))
        .held();
}

/// Landlock refuses TCP before the network namespace does, where the kernel has Landlock ABI 4.
#[test]
fn landlock_refuses_tcp() {
    let outcome = casemate_tests::Run::bash("true").observed().go().succeeded();
    match outcome.layer("landlock").as_deref() {
        Some("enforced") => drop(probe("sockets/landlock_tcp.py").held()),
        state => casemate_tests::skip(&format!("Landlock is {state:?} here: TCP needs ABI 4, Linux 6.7")),
    }
}
