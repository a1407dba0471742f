//! Other ways to run a program: nothing around it, bubblewrap, OCI runtimes, Docker. Each gives the host's
//! own interpreter, from a read-only `/usr`, no network.

use super::bundle;
use super::process::{Launch, Naming};
use crate::bench::program::Program;
use anyhow::{Context, Result, anyhow};
use casemate_sys::host;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where programs are that PATH may leave out.
const SYSTEM_FOLDERS: [&str; 5] = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"];

/// The program with nothing around it.
pub fn bare(program: &Program) -> Launch {
    Launch {
        program: program.interpreter.clone(),
        words: [program.flag, program.code].map(OsString::from).to_vec(),
        environment: environment(),
        naming: Naming::Anonymous,
    }
}

/// bubblewrap, with every namespace it has.
pub fn bubblewrap(tool: &Path, program: &Program) -> Launch {
    let walls = "--unshare-all --ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
                 --symlink usr/bin /bin --proc /proc --dev /dev --tmpfs /tmp --chdir / --die-with-parent";
    Launch {
        program: tool.to_owned(),
        words: words(walls.split_whitespace(), program),
        environment: environment(),
        naming: Naming::Anonymous,
    }
}

/// An OCI runtime, with a bundle below `work`.
///
/// # Errors
/// When the bundle cannot be made.
pub fn oci(tool: &Path, name: &str, work: &Path, root: &Path, program: &Program) -> Result<Launch> {
    let bundle = bundle::make(work, root, program)?;
    let mut words: Vec<OsString> = vec!["--root".into(), work.join(format!("state-{name}")).into()];
    if name == "runsc" {
        words.push("--network=none".into());
        if casemate_sys::credentials::effective_uid() != 0 {
            words.push("--rootless".into());
        }
    }
    words.extend(["run".into(), "--bundle".into(), bundle.into()]);
    Ok(Launch {
        program: tool.to_owned(),
        words,
        environment: environment(),
        naming: Naming::Last,
    })
}

/// Docker, with an image that [`Image::make`] made.
pub fn docker(image: &Image, program: &Program) -> Launch {
    let flags = "run --rm --pull never --network none --read-only --volume /usr:/usr:ro";
    let flags = flags.split_whitespace().chain([image.name.as_str()]);
    Launch {
        program: image.tool.clone(),
        words: words(flags, program),
        environment: docker_environment(),
        naming: Naming::Anonymous,
    }
}

/// An image of an empty root, removed when it is dropped: nothing is fetched from anywhere.
#[derive(Debug)]
pub struct Image {
    tool: PathBuf,
    name: String,
}

impl Image {
    /// Makes it of a root folder.
    ///
    /// # Errors
    /// When there is no daemon that takes it, with its own words.
    pub fn make(tool: &Path, root: &Path) -> Result<Self> {
        let tar = find("tar").ok_or_else(|| anyhow!("tar is not installed"))?;
        let archive = root.with_extension("tar");
        let pack = Launch {
            program: tar,
            words: [Path::new("-cf"), &archive, Path::new("-C"), root, Path::new(".")]
                .map(OsString::from)
                .to_vec(),
            environment: environment(),
            naming: Naming::Anonymous,
        };
        succeed(&pack).context("pack a root folder")?;
        let image = Self {
            tool: tool.to_owned(),
            name: format!("casemate-bench:{}", std::process::id()),
        };
        let import = image.call(&[Path::new("import"), &archive, Path::new(&image.name)]);
        succeed(&import)?;
        Ok(image)
    }

    fn call(&self, words: &[&Path]) -> Launch {
        Launch {
            program: self.tool.clone(),
            words: words.iter().map(OsString::from).collect(),
            environment: docker_environment(),
            naming: Naming::Anonymous,
        }
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let words = ["rmi", "--force", &self.name].map(Path::new);
        // An image that was never made is no image to remove.
        let _ = self.call(&words).run();
    }
}

/// Looks for a program in PATH and the system's folders.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = host::env("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    let is_program = |file: &PathBuf| {
        let found = std::fs::metadata(file);
        found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    folders
        .chain(SYSTEM_FOLDERS.map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(is_program)
}

fn words<'a>(before: impl Iterator<Item = &'a str>, program: &Program) -> Vec<OsString> {
    let interpreter = program.interpreter.clone().into_os_string();
    before
        .map(OsString::from)
        .chain([interpreter, program.flag.into(), program.code.into()])
        .collect()
}

fn succeed(launch: &Launch) -> Result<()> {
    let finished = launch.run().map_err(|why| anyhow!(why))?;
    match finished.code {
        Some(0) => Ok(()),
        _ => Err(anyhow!(super::first_line(&finished.stderr))),
    }
}

fn environment() -> Vec<(&'static str, OsString)> {
    vec![
        ("PATH", "/usr/local/bin:/usr/bin:/bin".into()),
        ("LANG", "C.UTF-8".into()),
    ]
}

/// The client of Docker finds its daemon by these.
fn docker_environment() -> Vec<(&'static str, OsString)> {
    let mut variables = environment();
    for name in [
        "HOME",
        "DOCKER_HOST",
        "DOCKER_CONFIG",
        "DOCKER_CONTEXT",
        "XDG_RUNTIME_DIR",
    ] {
        variables.extend(host::env(name).map(|value| (name, value)));
    }
    variables
}
