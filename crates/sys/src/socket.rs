//! Local sockets that keep message boundaries and carry descriptors (unix(7), `SCM_RIGHTS`).

use crate::call::{check, syscall};
use crate::handle::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use crate::io;
use alloc::vec::Vec;

/// Most descriptors in one message.
pub const MAX_FDS: usize = 8;
const CONTROL_BYTES: usize = 64;

#[repr(C, align(8))]
struct Control([u8; CONTROL_BYTES]);

/// A connected pair of close-on-exec sockets that keep message boundaries (`SOCK_SEQPACKET`).
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    pair_of(libc::SOCK_SEQPACKET)
}

/// A connected pair of close-on-exec sockets that carry bytes in order, whatever their number (`SOCK_STREAM`).
pub fn stream_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    pair_of(libc::SOCK_STREAM)
}

fn pair_of(kind: libc::c_int) -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0 as RawFd; 2];
    let kind = kind | libc::SOCK_CLOEXEC;
    // SAFETY: `ends` is a valid array of two ints that lives across the call.
    check(unsafe { syscall!(libc::SYS_socketpair, libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so ends[0] is a new descriptor that nothing else owns.
    let first = unsafe { OwnedFd::from_raw_fd(ends[0]) };
    // SAFETY: the same holds for ends[1].
    let second = unsafe { OwnedFd::from_raw_fd(ends[1]) };
    Ok((first, second))
}

/// Sends one message with at most [`MAX_FDS`] descriptors; waits while the socket is full.
pub fn send(socket: BorrowedFd<'_>, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    send_with(socket, bytes, fds, 0)
}

/// Like [`send`], but never waits: `Ok(false)` when the socket is full.
pub fn try_send(socket: BorrowedFd<'_>, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<bool> {
    match send_with(socket, bytes, fds, libc::MSG_DONTWAIT) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(e) => Err(e),
    }
}

fn send_with(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
    flags: libc::c_int,
) -> io::Result<()> {
    if fds.len() > MAX_FDS {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let mut control = Control([0; CONTROL_BYTES]);
    let mut vector = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    // SAFETY: a msghdr of zero bytes is a valid value of this plain C structure.
    let mut message: libc::msghdr = unsafe { core::mem::zeroed() };
    message.msg_iov = &mut vector;
    message.msg_iovlen = 1;
    if !fds.is_empty() {
        attach_fds(&mut message, &mut control, fds);
    }
    loop {
        // SAFETY: `message` points to the live vector and control buffer, which are only read.
        match check(unsafe {
            syscall!(
                libc::SYS_sendmsg,
                socket.as_raw_fd(),
                &message,
                flags | libc::MSG_NOSIGNAL
            )
        }) {
            Ok(_) => return Ok(()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

fn attach_fds(message: &mut libc::msghdr, control: &mut Control, fds: &[BorrowedFd<'_>]) {
    let payload = size_of_val(fds) as u32;
    message.msg_control = control.0.as_mut_ptr().cast();
    // SAFETY: CMSG_SPACE only computes; MAX_FDS ints and a header fit CONTROL_BYTES.
    message.msg_controllen = unsafe { libc::CMSG_SPACE(payload) } as _;
    // SAFETY: the control buffer holds at least one header.
    let header = unsafe { &mut *libc::CMSG_FIRSTHDR(message) };
    header.cmsg_level = libc::SOL_SOCKET;
    header.cmsg_type = libc::SCM_RIGHTS;
    // SAFETY: CMSG_LEN only computes.
    header.cmsg_len = unsafe { libc::CMSG_LEN(payload) } as _;
    // SAFETY: the data area of the header starts inside the control buffer.
    let data = unsafe { libc::CMSG_DATA(header) };
    for (i, fd) in fds.iter().enumerate() {
        // SAFETY: i < MAX_FDS, so the int lies within the control buffer; it may be unaligned.
        unsafe { data.cast::<RawFd>().add(i).write_unaligned(fd.as_raw_fd()) };
    }
}

/// One received message.
#[derive(Debug)]
pub struct Message {
    /// How many bytes of the buffer were filled; 0 says that the peer closed.
    pub len: usize,
    /// The descriptors that came with it, close-on-exec.
    pub fds: Vec<OwnedFd>,
}

/// Receives one message; a message longer than the buffer, or with more than [`MAX_FDS`]
/// descriptors, is an error (`EMSGSIZE`).
pub fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Message> {
    receive_with(socket, buffer, 0)
}

/// Like [`receive`], but `Ok(None)` when no message waits.
pub fn try_receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Option<Message>> {
    match receive_with(socket, buffer, libc::MSG_DONTWAIT) {
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
        other => other.map(Some),
    }
}

fn receive_with(socket: BorrowedFd<'_>, buffer: &mut [u8], flags: libc::c_int) -> io::Result<Message> {
    let mut control = Control([0; CONTROL_BYTES]);
    let mut vector = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: a msghdr of zero bytes is a valid value of this plain C structure.
    let mut message: libc::msghdr = unsafe { core::mem::zeroed() };
    message.msg_iov = &mut vector;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = CONTROL_BYTES as _;
    let len = loop {
        // SAFETY: `message` points to the live vector and control buffer, which may be written.
        let n = unsafe {
            syscall!(
                libc::SYS_recvmsg,
                socket.as_raw_fd(),
                &mut message,
                flags | libc::MSG_CMSG_CLOEXEC
            )
        };
        match check(n) {
            Ok(n) => break n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    };
    let fds = received_fds(&message);
    if message.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 {
        return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
    }
    Ok(Message { len, fds })
}

fn received_fds(message: &libc::msghdr) -> Vec<OwnedFd> {
    let mut fds = Vec::new();
    // SAFETY: the kernel filled the control buffer and its length; the macro checks bounds.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(message) };
    while !header.is_null() {
        // SAFETY: `header` is not null, so it points to a whole header in the control buffer.
        let (level, kind, len) = unsafe { ((*header).cmsg_level, (*header).cmsg_type, (*header).cmsg_len) };
        if level == libc::SOL_SOCKET && kind == libc::SCM_RIGHTS {
            // SAFETY: CMSG_LEN only computes.
            let payload = len - unsafe { libc::CMSG_LEN(0) } as usize;
            // SAFETY: `header` is valid, its data follows it.
            let data = unsafe { libc::CMSG_DATA(header) };
            for i in 0..payload / size_of::<RawFd>() {
                // SAFETY: the kernel wrote `payload` bytes of descriptor numbers, maybe unaligned.
                let fd = unsafe { data.cast::<RawFd>().add(i).read_unaligned() };
                // SAFETY: the kernel installed `fd` for this message, and nothing else owns it.
                fds.push(unsafe { OwnedFd::from_raw_fd(fd) });
            }
        }
        // SAFETY: `header` came from this message; the macro checks bounds.
        header = unsafe { libc::CMSG_NXTHDR(message, header) };
    }
    fds
}

/// Lets a socket hold at least `bytes` of unread messages, as far as the host allows.
pub fn set_send_buffer(socket: BorrowedFd<'_>, bytes: i32) -> io::Result<()> {
    let size = size_of::<i32>() as libc::socklen_t;
    // SAFETY: the pointer and size describe `bytes`.
    let r = unsafe {
        syscall!(
            libc::SYS_setsockopt,
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_SNDBUF,
            &raw const bytes,
            size,
        )
    };
    check(r).map(drop)
}

/// Closes the writing side (`shutdown(2)`): the peer reads the end once it has read the rest.
pub fn close_writing(socket: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: shutdown takes two ints.
    check(unsafe { syscall!(libc::SYS_shutdown, socket.as_raw_fd(), libc::SHUT_WR) }).map(drop)
}

/// Closes both directions, whoever else holds the socket: the peer reads the end, and so do we.
pub fn close_both(socket: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: shutdown takes two ints.
    check(unsafe { syscall!(libc::SYS_shutdown, socket.as_raw_fd(), libc::SHUT_RDWR) }).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handle::AsFd;

    #[test]
    fn a_full_socket_is_told_and_takes_again_once_it_is_read() {
        let (ours, theirs) = pair().unwrap();
        let mut sent = 0;
        while try_send(ours.as_fd(), &[7; 64], &[]).unwrap() {
            sent += 1;
            assert!(sent < 1_000_000);
        }
        let mut buffer = [0; 64];
        assert_eq!(receive(theirs.as_fd(), &mut buffer).unwrap().len, 64);
        assert!(try_send(ours.as_fd(), &[7; 64], &[]).unwrap());
        close_both(ours.as_fd()).unwrap();
        assert!(try_send(ours.as_fd(), &[7; 64], &[]).is_err());
    }
}
