//! The kernel's randomness (`getrandom(2)`), asked for directly: a library may look for it by name or by
//! path, and neither is there in a static program whose root is another folder.

use crate::call::{check, syscall};
use crate::io;

/// Fills a buffer; waits at boot until the kernel has seeded itself.
///
/// # Errors
/// `ENOSYS` before Linux 3.17, `EPERM` behind a filter that forbids it.
pub fn fill(buffer: &mut [u8]) -> io::Result<()> {
    let mut done = 0;
    while done < buffer.len() {
        let rest = &mut buffer[done..];
        // SAFETY: the pointer and length describe `rest`, which is writable and lives across the call.
        let answer = unsafe { syscall!(libc::SYS_getrandom, rest.as_mut_ptr(), rest.len(), 0) };
        match check(answer) {
            Ok(filled) => done += filled,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_fills_differ() {
        let (mut first, mut second) = ([0; 300], [0; 300]);
        fill(&mut first).unwrap();
        fill(&mut second).unwrap();
        assert_ne!(first, second);
        assert!(first[256..].iter().any(|byte| *byte != 0));
    }
}
