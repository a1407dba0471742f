//! `casemate serve`: the service, as a supervisor with a warden and a server process.

mod admin_key;
mod connector;
mod control;
mod notify;
mod process;
mod score;
mod settings;
mod supervisor;

use crate::args::Serve;
use crate::config;
use crate::exit::usage;
use crate::private::make_private;
use anyhow::{Context, Result};
use casemate_engine::sandbox::ids;
use casemate_engine::service::Kinds;
use casemate_sys::fd;
use settings::ServeSettings;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// Runs the command; the exit code.
pub fn run(args: &Serve, explicit: Option<&Path>) -> Result<u8> {
    let settings = ServeSettings::load(args, &config::load(explicit)?)?;
    // Held until the supervisor ends.
    let _lock = lock(&settings.state_dir)?;
    make_folder(&settings)?;
    // Asked for twice: an address that is taken is told at once, and nobody is let in who would have to wait for the
    // look at the host.
    drop(bind(&settings)?);
    let (kinds, blueprints) = Kinds::survey(
        &settings.host,
        &settings.state_dir,
        &settings.own_program,
        &settings.python_preload,
    )?;
    let listener = bind(&settings)?;
    let settings = ServeSettings {
        // With port 0 the kernel has chosen one.
        listen: listener.local_addr().context("ask for our own address")?,
        ..settings
    };
    let first_key = match settings.has_identity {
        true => admin_key::load_or_make(&settings)?,
        false => None,
    };
    supervisor::Supervisor::new(settings, kinds, blueprints, listener, first_key)?.run()
}

fn bind(settings: &ServeSettings) -> Result<TcpListener> {
    TcpListener::bind(settings.listen)
        .with_context(|| format!("listen on {}: is another service there?", settings.listen))
}

/// One service for a data folder.
fn lock(state_dir: &Path) -> Result<OwnedFd> {
    let lock = ids::open_lock(&state_dir.join("serve.lock"))?;
    match fd::try_lock_byte(lock.as_fd(), 0) {
        Ok(true) => Ok(lock),
        Ok(false) => Err(usage(format!(
            "another casemate serve uses {}: stop it, or set CASEMATE_DATA_DIR",
            state_dir.display()
        ))),
        Err(error) => Err(error).context("lock the data folder"),
    }
}

/// The server's folder, which it owns.
fn make_folder(settings: &ServeSettings) -> Result<()> {
    let Some(id) = settings.server_id else {
        return make_private(&settings.folder);
    };
    match std::fs::create_dir(&settings.folder) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(e).with_context(|| format!("make {}", settings.folder.display()));
        }
        _ => {}
    }
    let own = || -> std::io::Result<()> {
        use casemate_sys::fs::{self, Resolve};
        use casemate_sys::libc;
        use std::os::unix::ffi::OsStrExt;
        let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NOFOLLOW;
        let path = settings.folder.as_os_str().as_bytes();
        let folder = fs::open_at(None, path, flags, 0, Resolve::Host)?;
        fs::set_owner(folder.as_fd(), id, id)?;
        fs::set_mode(folder.as_fd(), 0o700)
    };
    own().with_context(|| format!("give {} to the server process", settings.folder.display()))
}
