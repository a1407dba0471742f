//! Starting what is missing: the warden, the server, and the prober beside it.

use super::child::{self, Child, fork};
use super::{Server, Supervisor};
use crate::serve::connector;
use crate::serve::control::{self, Order};
use crate::serve::process::{self, Given};
use anyhow::{Context, Result};
use casemate_engine::sandbox::Setup;
use casemate_engine::sandbox::plan::Blueprint;
use casemate_engine::sandbox::warden::{self, Started};
use casemate_sys::event::{self, interest};
use casemate_sys::process as processes;
use casemate_sys::{libc, socket};
use std::os::fd::{AsFd, OwnedFd};

impl Supervisor {
    /// Starts what is not there; after a quick death only when its pause is over.
    pub(super) fn start_missing(&mut self) -> Result<()> {
        self.start_readers();
        if self.warden.is_some() && self.server.is_some() {
            return Ok(());
        }
        if !self.pause.is_zero() {
            let _ = event::wait(
                &mut [interest(self.signals.as_fd(), libc::POLLIN)],
                Some(self.pause),
            );
        }
        let link = match self.warden {
            Some(_) => None,
            None => Some(self.start_warden()?),
        };
        if self.server.is_none() {
            self.start_server()?;
        }
        if let (Some(link), Some(server)) = (link, &self.server) {
            // A server that is gone is seen by its descriptor.
            let _ = control::order(server.control.as_fd(), &Order::Warden(link));
        }
        self.start_readers();
        Ok(())
    }

    fn start_readers(&mut self) {
        if let Some(server) = &self.server {
            self.readers.start_missing(&self.settings, server.control.as_fd());
        }
    }

    fn start_warden(&mut self) -> Result<OwnedFd> {
        let s = &self.settings;
        let blueprints = self.blueprints.iter().map(Blueprint::try_clone);
        let setup = Setup {
            blueprints: blueprints
                .collect::<Result<_, _>>()
                .context("hand over the blueprints")?,
            takes_blueprints: false,
            ids: s.ids,
            state_dir: s.state_dir.clone(),
            cgroup_base: s.cgroup_base.clone(),
            allow_missing: s.allow_missing,
            lifeline: Some(self.lifeline.0.try_clone().context("hand over the lifeline")?),
        };
        let Started { socket, pid, pidfd } = warden::start(setup).context("start the warden")?;
        self.warden = Some(Child {
            pid,
            pidfd,
            since: event::monotonic(),
        });
        Ok(socket)
    }

    fn start_server(&mut self) -> Result<()> {
        let (ours, theirs) = socket::pair().context("make the server's socket")?;
        let listener = self
            .listener
            .try_clone()
            .context("hand over the listening socket")?;
        let outside = self.start_connector()?;
        let child = fork("start the server")?;
        let Some(child) = child else {
            let kept: Vec<_> = [listener.as_fd(), theirs.as_fd()]
                .into_iter()
                .chain(self.kinds.descriptor())
                .chain(outside.as_ref().map(AsFd::as_fd))
                .collect();
            if child::enter(&kept, c"casemate-server").is_err() {
                processes::exit(1);
            }
            let given = Given {
                settings: self.settings.clone(),
                kinds: self.kinds.clone(),
                listener,
                control: theirs,
                is_first: !self.was_ready,
                first_key: self.first_key.clone(),
                outside,
            };
            processes::exit(process::run(given))
        };
        let now = event::monotonic();
        self.server = Some(Server {
            child,
            control: ours,
            heard: now,
            is_ready: false,
        });
        self.start_prober();
        Ok(())
    }

    /// Starts what connects to a database server, where one is configured; gives the server's end.
    fn start_connector(&mut self) -> Result<Option<OwnedFd>> {
        self.end_connector();
        let Some(address) = &self.settings.database else {
            return Ok(None);
        };
        let (ours, theirs) = socket::pair().context("make the connector's socket")?;
        let Some(child) = fork("start the connector")? else {
            drop(ours);
            let done = child::enter(&[theirs.as_fd()], c"casemate-connector")
                .and_then(|()| connector::run(theirs.as_fd(), address, self.settings.server_id));
            processes::exit(i32::from(done.is_err()))
        };
        self.connector = Some(child);
        Ok(Some(ours))
    }

    pub(super) fn end_connector(&mut self) {
        if let Some(connector) = self.connector.take() {
            connector.kill();
            connector.reap();
        }
    }

    /// Asks interpreters for their versions beside everything else, and tells the server. Without it
    /// versions are missing in a list, and nothing else.
    fn start_prober(&mut self) {
        self.end_prober();
        let Some(server) = &self.server else { return };
        let Ok(control) = server.control.try_clone() else {
            return;
        };
        match fork("start the prober") {
            Ok(Some(child)) => self.prober = Some(child),
            Ok(None) => {
                let _ = child::enter(&[control.as_fd()], c"casemate-prober");
                for (language, version) in self.kinds.probe_versions(&self.settings.host) {
                    let version = Order::Version { language, version };
                    let _ = control::order(control.as_fd(), &version);
                }
                processes::exit(0)
            }
            Err(_) => {}
        }
    }

    pub(super) fn end_prober(&mut self) {
        if let Some(prober) = self.prober.take() {
            prober.kill();
            prober.reap();
        }
    }
}
