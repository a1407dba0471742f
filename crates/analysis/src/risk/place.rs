//! Places of a file system, as texts name them: what kind of place a path is, whatever the program does there.
//!
//! Called for every constant text of a program, so it looks at a text once and allocates for suspects alone.

/// What kind of place a path names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Place {
    /// Keys, passwords, tokens, what browsers and wallets keep.
    Secret,
    /// What runs by itself at a login, a boot or a time.
    Startup,
    /// Records of what happened: logs, histories, mail.
    Record,
    /// Disks and memory as devices.
    Device,
    /// The accounts of the machine.
    Accounts,
    /// How the machine is set up.
    Setup,
    /// What the kernel tells and takes.
    Kernel,
    /// The root of everything, or a whole home.
    Whole,
    /// Other folders of the system.
    System,
    /// What any program may read: the name of the system, its time, its processors.
    Known,
    /// A dotted file or folder of a home.
    Home,
    /// Folders for anything.
    Temporary,
}

impl Place {
    /// Whether a program that was handed over to compute something has no business there.
    pub(super) fn is_sensitive(self) -> bool {
        !matches!(self, Self::Home | Self::Temporary | Self::Known)
    }
}

/// A path's place, and how it gets there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Target {
    /// The place.
    pub(super) place: Place,
    /// It climbs out of a folder with `..`.
    pub(super) climbs: bool,
}

/// The place that a text names; nothing when it names none that matters.
pub(super) fn place_of(text: &str) -> Option<Target> {
    let text = text.trim().trim_matches(['"', '\'']);
    if text.len() < 2 && text != "/" && text != "~" || text.len() > 400 || text.contains(['\n', '<', '>']) {
        return None;
    }
    let starts = text.as_bytes().first().copied()?;
    let looks_like_path = matches!(starts, b'/' | b'~' | b'.' | b'\\' | b'%' | b'$')
        || text.contains(['/', '\\'])
        || text.starts_with("id_")
        || is_bare_secret(text);
    if !looks_like_path
        || text.starts_with("//") && text[2..].contains("//")
        || text.contains("://") && !text.starts_with("file://")
    {
        return None;
    }
    let lower = text
        .trim_start_matches("file://")
        .replace('\\', "/")
        .to_ascii_lowercase();
    let (path, climbs) = normalise(&lower);
    let place = classify(&path)?;
    Some(Target { place, climbs })
}

/// Resolves `.` and `..` and doubled slashes; tells whether it climbed above where it stood.
fn normalise(path: &str) -> (String, bool) {
    if !path.contains("..") && !path.contains("//") && !path.contains("/./") {
        return (path.to_owned(), false);
    }
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    let mut climbs = 0_usize;
    let mut above = false;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                climbs += 1;
                above |= parts.pop().is_none() && !absolute;
            }
            part => parts.push(part),
        }
    }
    // One step up is next door, unless what lies there is called as the system's folders are.
    let next_door = climbs == 1
        && !parts
            .first()
            .is_some_and(|first| matches!(*first, "etc" | "proc" | "root" | "var" | "home"));
    let rooted = absolute || above && !next_door;
    let mut out = String::with_capacity(path.len());
    if rooted {
        out.push('/');
    }
    out.push_str(&parts.join("/"));
    (out, climbs > 0)
}

/// File names that are secrets wherever they lie.
fn is_bare_secret(text: &str) -> bool {
    [
        "login data",
        "local state",
        "wallet.dat",
        "logins.json",
        "key4.db",
        "key3.db",
        "cookies.sqlite",
        ".netrc",
        ".pgpass",
    ]
    .iter()
    .any(|name| text.eq_ignore_ascii_case(name))
}

const SECRETS: &[&str] = &[
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/master.passwd",
    "/etc/sudoers",
    "/etc/security/opasswd",
    "/etc/krb5.keytab",
    "/.ssh/id_",
    "/.ssh/*",
    ".ssh/config",
    "id_rsa",
    "id_ed25519",
    "id_ecdsa",
    "id_dsa",
    "/.aws",
    ".aws/credentials",
    "/.azure",
    "/gcloud",
    "/.oci/",
    ".kube/config",
    ".docker/config.json",
    ".netrc",
    ".pypirc",
    ".git-credentials",
    ".gnupg",
    ".password-store",
    ".pgpass",
    "kubernetes.io/serviceaccount",
    "/proc/*/environ",
    "/proc/self/environ",
    "/proc/1/environ",
    "/proc/kcore",
    "user data/default",
    "/user data",
    "login data",
    "local state",
    "/leveldb",
    "local storage",
    "/cookies",
    "mozilla/firefox",
    "firefox/profiles",
    "logins.json",
    "key4.db",
    "cookies.sqlite",
    "wallet.dat",
    "exodus",
    "electrum",
    "metamask",
    "keychains",
    "keyrings",
    "/web data",
    "microsoft/credentials",
    "filezilla",
    "/etc/ssl/private",
    "google/chrome",
    "bravesoftware",
    "opera software",
    "/telegram desktop",
    "/tdata",
    "/.config/solana",
    "windows/system32/config/sam",
    "shadow-",
];
const STARTUPS: &[&str] = &[
    "/etc/cron",
    "/var/spool/cron",
    "/var/cron",
    "/etc/anacrontab",
    "/etc/at.",
    "/etc/systemd",
    "/lib/systemd",
    "systemd/user",
    ".config/autostart",
    "/etc/xdg/autostart",
    "launchagents",
    "launchdaemons",
    "/etc/rc.",
    "/etc/rc.local",
    "/etc/init.d",
    "/etc/init/",
    "/etc/profile",
    "/etc/ld.so.preload",
    "/etc/pam.d",
    "/etc/update-motd.d",
    "/etc/udev",
    "authorized_keys",
    "start menu/programs/startup",
    "currentversion/run",
    "currentversion/runonce",
    "winlogon",
    "sitecustomize",
    "usercustomize",
    "/etc/bash.bashrc",
    "/etc/bashrc",
    "/etc/zsh",
    "/etc/environment",
    "/etc/modules",
    "/etc/inittab",
    "/etc/rc.common",
    "/etc/emond.d",
    "loginwindow",
    "startup folder",
];
const HOME_STARTUPS: &[&str] = &[
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".profile",
    ".zshrc",
    ".zprofile",
    ".zshenv",
    ".zlogin",
    ".cshrc",
    ".tcshrc",
    ".login",
    ".shrc",
    ".xinitrc",
    ".xsession",
    ".xprofile",
    ".pythonrc",
    ".vimrc",
    ".ssh/rc",
    "config.fish",
];
const RECORDS: &[&str] = &[
    "/var/log",
    "/var/mail",
    "/var/spool/mail",
    "_history",
    ".lesshst",
    ".viminfo",
    "/var/run/utmp",
    "/run/utmp",
    "/var/audit",
    "/run/log",
    ".evtx",
    "docker/containers",
    "/var/adm",
    "/private/var/log",
];
const DEVICES: &[&str] = &[
    "/dev/sd",
    "/dev/nvme",
    "/dev/hd",
    "/dev/vd",
    "/dev/xvd",
    "/dev/mmcblk",
    "/dev/mem",
    "/dev/kmem",
    "/dev/port",
    "/dev/dm-",
    "/dev/input",
    "/dev/disk",
    "physicaldrive",
    "/dev/video",
    "/dev/mapper",
];
const ACCOUNTS: &[&str] = &[
    "/etc/passwd",
    "/etc/group",
    "base-passwd",
    "/etc/subuid",
    "/etc/subgid",
    "/etc/login.defs",
    "/etc/shells",
    "/etc/opasswd",
    "/etc/spwd.db",
    "/etc/pwd.db",
];
/// Places of the machine's setup that any honest program may look at.
const HARMLESS: &[&str] = &[
    "/etc/os-release",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/ssl/cert",
    "/etc/mime",
    "/etc/resolv.conf",
    "/etc/lsb-release",
    "/etc/debian_version",
    "/etc/machine-id",
    "/etc/nsswitch",
    "/etc/pki/tls/certs",
    "/etc/ssl/openssl",
    "/etc/apache2/mime",
    "/etc/httpd",
    "/etc/apt",
    "/etc/redhat-release",
    "/etc/alpine-release",
    "/proc/self/fd",
    "/proc/self/mountinfo",
    "/proc/self/cgroup",
    "/proc/self/exe",
    "/proc/self/status",
    "/proc/self/stat",
    "/proc/1/cgroup",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/loadavg",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
    "/usr/share/zoneinfo",
    "/usr/share/dict",
    "/usr/bin/env",
    "/usr/share/i18n",
    "/usr/lib/locale",
    "/usr/bin/python",
    "/usr/local/bin/python",
    "/bin/sh",
    "/bin/bash",
    "/bin/true",
    "/bin/false",
    "/bin/ls",
    "/bin/echo",
    "/bin/cat",
];

fn classify(path: &str) -> Option<Place> {
    let trimmed = path.trim_end_matches(['/', '*']);
    if matches!(
        trimmed,
        "" | "~" | "$home" | "c:" | "%userprofile%" | "/home" | "$home/" | "/root" | "/users"
    ) {
        return (path.starts_with(['/', '~', '$', 'c', '%'])).then_some(Place::Whole);
    }
    if HARMLESS.iter().any(|known| path.starts_with(known)) && !path.ends_with("shadow") {
        return Some(Place::Known);
    }
    let has = |list: &[&str]| list.iter().any(|part| path.contains(part));
    if is_process_secret(path) || has(SECRETS) {
        return Some(Place::Secret);
    }
    if has(STARTUPS) || HOME_STARTUPS.iter().any(|name| path.ends_with(name)) {
        return Some(Place::Startup);
    }
    if has(RECORDS) {
        return Some(Place::Record);
    }
    if path.starts_with("/dev/") || path.contains("physicaldrive") {
        return has(DEVICES).then_some(Place::Device);
    }
    if has(ACCOUNTS) {
        return Some(Place::Accounts);
    }
    by_root(path)
}

/// Another process's memory or environment.
fn is_process_secret(path: &str) -> bool {
    path.strip_prefix("/proc/").is_some_and(|rest| {
        let end = rest.rsplit('/').next().unwrap_or("");
        rest.contains('/')
            && matches!(end, "environ" | "mem" | "maps" | "root")
            && !rest.starts_with("self/m")
    })
}

fn by_root(path: &str) -> Option<Place> {
    let under = |root: &str| {
        path.strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '*']))
    };
    if under("/tmp")
        || under("/var/tmp")
        || under("/dev/shm")
        || under("/run/lock")
        || under("/var/lock")
        || path.starts_with("%temp%")
        || path.contains("/appdata/local/temp")
    {
        return Some(Place::Temporary);
    }
    if under("/etc")
        || under("/private/etc")
        || under("/usr/local/etc")
        || path.contains("/drivers/etc/hosts")
    {
        return Some(Place::Setup);
    }
    if under("/proc") || under("/sys") {
        return Some(Place::Kernel);
    }
    let system = [
        "/usr", "/bin", "/sbin", "/lib", "/lib64", "/boot", "/var", "/opt", "/root", "/srv", "/app", "/mnt",
        "/media", "/run", "/dev", "/system", "/library",
    ];
    if system.iter().any(|root| under(root))
        || path.starts_with("c:/windows")
        || path.starts_with("c:/program")
        || path.contains("/system32")
    {
        return Some(Place::System);
    }
    if path.starts_with("~/.") || path.starts_with("$home/.") || path.contains("/appdata/") {
        return Some(Place::Home);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_known_by_what_lies_there() {
        for (text, place) in [
            ("/etc/shadow", Some(Place::Secret)),
            ("/usr/../etc/shadow", Some(Place::Secret)),
            ("../../../../etc/passwd", Some(Place::Accounts)),
            ("~/.ssh/id_rsa", Some(Place::Secret)),
            (
                "C:\\Users\\me\\AppData\\Local\\Google\\Chrome\\User Data\\Default",
                Some(Place::Secret),
            ),
            ("/etc/hosts", Some(Place::Setup)),
            ("/proc/version", Some(Place::Kernel)),
            ("/var/log/syslog", Some(Place::Record)),
            ("~/.bash_history", Some(Place::Record)),
            ("/dev/sda", Some(Place::Device)),
            ("/dev/null", None),
            ("/etc/cron.d/job", Some(Place::Startup)),
            ("~/.bashrc", Some(Place::Startup)),
            ("/usr/lib/x", Some(Place::System)),
            ("/tmp/x", Some(Place::Temporary)),
            ("/", Some(Place::Whole)),
            ("data/input.csv", None),
            ("https://example.test/etc/passwd", None),
            ("a sentence about a / b", None),
        ] {
            assert_eq!(place_of(text).map(|target| target.place), place, "{text}");
        }
        assert!(place_of("../../etc/passwd").is_some_and(|target| target.climbs));
    }
}
