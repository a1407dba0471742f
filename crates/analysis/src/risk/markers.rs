//! Words in texts that tell what a program is about. One pass over a text finds all of them.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::sync::OnceLock;

/// Markers that are looked for in texts, by feature. Letters of any size are the same.
const MARKERS: &[(&str, &[&str])] = &[
    (
        "text.reverse-shell",
        &[
            "/dev/tcp/",
            "/dev/udp/",
            "bash -i",
            "sh -i",
            "nc -e",
            "ncat -e",
            "pty.spawn",
            "mkfifo /tmp",
            "0<&1",
            "0>&1",
            ">& /dev/tcp",
            "cmd.exe /k",
        ],
    ),
    (
        "text.hidden-window",
        &[
            "-windowstyle hidden",
            "-w hidden",
            "-encodedcommand",
            "-enc ",
            "-executionpolicy bypass",
            "-ep bypass",
            "-nop ",
            "windowstyle hidden",
            "/b /min",
            "start /b",
            "vbhide",
        ],
    ),
    (
        "text.windows-tool",
        &[
            "powershell",
            "rundll32",
            "regsvr32",
            "certutil",
            "bitsadmin",
            "mshta",
            "wscript",
            "cscript",
            "schtasks",
            "vssadmin",
            "attrib +",
            "reg add",
            "taskkill",
            "wmic",
            "netsh",
            "cmd /c",
            "cmd.exe",
            "invoke-webrequest",
            "iwr ",
            "downloadstring",
            "downloadfile",
            "invoke-expression",
            "start-process",
            "add-mppreference",
            "set-mppreference",
        ],
    ),
    (
        "text.token-pattern",
        &[
            "mfa\\.",
            "[\\w-]{24}",
            "[\\w-]{26}",
            "dqw4w9wgxcq",
            "[\\w-]{6}\\.[\\w-]",
            "[\\w]{24}",
            "\\.[\\w-]{6}\\.",
            "sk_live",
            "[a-za-z0-9]{24}",
        ],
    ),
    (
        "text.browser-data",
        &[
            "login data",
            "local state",
            "os_crypt",
            "encrypted_key",
            "leveldb",
            "cookies.sqlite",
            "logins.json",
            "key4.db",
            "user data",
            "roblosecurity",
            "password_value",
            "origin_url",
            "web data",
            "encrypted_value",
            "discordcanary",
            "discordptb",
            "lightcord",
            "bravesoftware",
            "opera gx",
            "opera software",
            "yandexbrowser",
            "amigo",
            "torch",
            "vivaldi",
            "moz_cookies",
        ],
    ),
    (
        "text.wallet",
        &[
            "metamask",
            "exodus",
            "electrum",
            "atomic wallet",
            "wallet.dat",
            "coinomi",
            "ethereum wallet",
            "bytecoin",
            "zcash",
            "jaxx",
            "nkbihfbeogaeaoehlefnkodbefgpgknn",
            "phantom",
            "seed phrase",
            "mnemonic",
            "private_key",
            "private key",
            "privatekey",
        ],
    ),
    (
        "text.run-key",
        &[
            "currentversion\\run",
            "currentversion/run",
            "start menu\\programs\\startup",
            "start menu/programs/startup",
            "\\startup\\",
            "launchagents",
            "/etc/rc.local",
            "@reboot",
            "wantedby=multi-user",
            "autostart",
        ],
    ),
    (
        "text.fetch-run",
        &[
            "curl -s http",
            "wget http",
            "wget -q",
            "curl http",
            "curl -",
            "wget -",
            "curl.exe",
            "| bash",
            "|bash",
            "| sh",
            "|sh",
            "| python",
            "chmod +x",
            "chmod 777",
        ],
    ),
    (
        "text.inner-code",
        &[
            "import os",
            "__import__(",
            "subprocess",
            "os.system",
            "exec(",
            "eval(",
            "import socket",
            "import requests",
            "require('child_process",
            "urlopen(",
            "import base64",
            "b64decode",
        ],
    ),
    (
        "text.destroy-data",
        &[
            "drop table",
            "drop database",
            "truncate table",
            "delete from",
            "drop schema",
            "or 1=1",
            "' or '1'='1",
            "union select",
            "xp_cmdshell",
            "into outfile",
            "grant all",
        ],
    ),
    (
        "text.ransom",
        &[
            "your files have been",
            "files are encrypted",
            "files have been encrypted",
            "decrypt your",
            "pay the ransom",
            "bitcoin address",
            ".locked",
            ".encrypted",
            "ransom",
            "send bitcoin",
            "recover your files",
        ],
    ),
    (
        "text.phishing",
        &[
            "type=\"password\"",
            "type='password'",
            "document.cookie",
            "<script>",
            "verify your account",
            "account has been suspended",
            "click the link below",
            "you have won",
            "update your payment",
            "login page",
            "<iframe",
            "onerror=",
            "alert(",
        ],
    ),
    (
        "text.sandbox",
        &[
            "vmware",
            "virtualbox",
            "vbox",
            "qemu",
            "wireshark",
            "sandboxie",
            "sbiedll",
            "processhacker",
            "ollydbg",
            "x64dbg",
            "ida64",
            "fiddler",
            "httpdebugger",
            "vmtoolsd",
            "xenservice",
            "joeboxcontrol",
            "desktop-",
            "wdagutilityaccount",
        ],
    ),
    (
        "text.protect",
        &[
            "windows defender",
            "antivirus",
            "defender",
            "firewall",
            "selinux",
            "disableantispyware",
            "disablerealtimemonitoring",
            "malwarebytes",
            "kaspersky",
            "avast",
            "auditd",
            "crowdstrike",
            "falcon",
        ],
    ),
    (
        "text.obfuscator",
        &[
            "hyperion",
            "pyarmor",
            "__pyarmor__",
            "blankobf",
            "kramer",
            "oxyry",
            "pyobfuscate",
            "obfuscated",
            "__obfuscator__",
            "vare obf",
            "development-tools.net",
            "wodx",
            "specter",
            "berserker",
            "jawbreaker",
        ],
    ),
    ("text.agent", &["mozilla/5.0", "user-agent", "googlebot"]),
    (
        "text.windows-place",
        &[
            "appdata",
            "localappdata",
            "programdata",
            "userprofile",
            "%temp%",
            "system32",
            "\\windows\\",
            "c:\\users",
            "c:/users",
            "winreg",
            "hkey_",
            "software\\microsoft",
        ],
    ),
    (
        "text.attack",
        &[
            "payload",
            "exploit",
            "malware",
            "malicious",
            "backdoor",
            "keylog",
            "stealer",
            "grabber",
            "shellcode",
            "infected",
            "botnet",
            "phish",
            "ddos",
            "victim",
            "attacker",
            "pwned",
            "hacked",
            "exfil",
            "meterpreter",
            "c2 server",
            "trojan",
            "rootkit",
            "reverse shell",
        ],
    ),
    (
        "text.research",
        &[
            "dependency confusion",
            "proof of concept",
            "bug bounty",
            "bugbounty",
            "hackerone",
            "security research",
            "for research",
            "poc ",
        ],
    ),
    (
        "text.usage",
        &["usage:", "usage :", "--help", "[options]", "options:"],
    ),
    (
        "text.licence",
        &["copyright", "licensed under", "all rights reserved"],
    ),
    (
        "text.remove-root",
        &[
            "rm -rf / ",
            "rm -rf /*",
            "rm -rf ~",
            "--no-preserve-root",
            ":(){",
            "mkfs.",
            "of=/dev/sd",
            "format c:",
            "del /f /s",
            "rd /s /q",
            "> /dev/sda",
        ],
    ),
    (
        "text.account",
        &[
            "net user",
            "useradd",
            "adduser",
            "usermod",
            "/etc/sudoers",
            "nopasswd",
            "visudo",
            "authorized_keys",
            "chpasswd",
        ],
    ),
    (
        "text.metadata",
        &[
            "169.254.169.254",
            "metadata.google",
            "latest/meta-data",
            "x-aws-ec2-metadata",
        ],
    ),
    (
        "text.secret-name",
        &[
            "aws_secret",
            "aws_access_key",
            "aws_session_token",
            "github_token",
            "api_key",
            "npm_token",
            "pypi_token",
            "secret_key",
            "access_token",
            "openai_api_key",
        ],
    ),
];

/// Every marker, ready to be looked for.
struct Finder {
    automaton: AhoCorasick,
    /// By the number of a marker, the number of its feature.
    owner: Vec<u8>,
}

fn finder() -> Option<&'static Finder> {
    static FINDER: OnceLock<Option<Finder>> = OnceLock::new();
    FINDER
        .get_or_init(|| {
            let parts = MARKERS.iter().flat_map(|(_, parts)| parts.iter());
            let automaton = AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .kind(Some(AhoCorasickKind::DFA))
                .build(parts)
                .ok()?;
            let owner = (0_u8..)
                .zip(MARKERS)
                .flat_map(|(number, (_, parts))| parts.iter().map(move |_| number))
                .collect();
            Some(Finder { automaton, owner })
        })
        .as_ref()
}

/// Calls `tell` with each feature whose markers stand in the first 16 KiB of a text, and how many of them.
pub(super) fn look_for(text: &str, mut tell: impl FnMut(&'static str, usize)) {
    let Some(finder) = finder() else { return };
    let bytes = text.as_bytes();
    let bytes = bytes.get(..bytes.len().min(16_384)).unwrap_or(bytes);
    let mut seen = [0_u64; 8];
    for found in finder.automaton.find_overlapping_iter(bytes) {
        let number = found.pattern().as_usize();
        if let Some(word) = seen.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }
    if seen == [0; 8] {
        return;
    }
    let mut counts = [0_usize; 64];
    for (number, owner) in finder.owner.iter().enumerate() {
        if seen
            .get(number / 64)
            .is_some_and(|word| word >> (number % 64) & 1 == 1)
        {
            counts[usize::from(*owner) % 64] += 1;
        }
    }
    for ((name, _), count) in MARKERS.iter().zip(counts) {
        if count > 0 {
            tell(name, count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_fit_their_table_and_are_found() {
        assert!(MARKERS.len() <= 64 && MARKERS.iter().map(|(_, parts)| parts.len()).sum::<usize>() <= 512);
        let mut found = Vec::new();
        look_for("open 'Login Data' and then LOCAL STATE", |name, count| {
            found.push((name, count))
        });
        assert_eq!(found, [("text.browser-data", 2)]);
    }
}
