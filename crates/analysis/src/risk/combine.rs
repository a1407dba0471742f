//! Features that are told by several others together: each part is common in honest programs, the whole is not.

use super::features::{Features, Holds};
use super::model::prior;

const FETCH: &[&str] = &["net.fetch", "net.download", "sh.fetch", "text.fetch-run"];
const SEND: &[&str] = &[
    "net.send",
    "net.mail",
    "net.ftp",
    "sh.upload",
    "address.hook",
    "net.connect",
    "sh.socket",
];
const NET: &[&str] = &[
    "net.fetch",
    "net.download",
    "net.send",
    "net.mail",
    "net.ftp",
    "net.connect",
    "net.socket",
    "sh.fetch",
    "sh.upload",
    "sh.socket",
    "net.dns",
];
const RUN: &[&str] = &[
    "exec.shell",
    "exec.process",
    "exec.code",
    "sh.shell",
    "sh.inline",
    "inner.shell",
];
/// The same in other languages: what a shell is told there is read, and a constant one that does nothing is no act.
const SCRIPT_RUN: &[&str] = &["exec.shell", "exec.process", "exec.code"];
const DECODE: &[&str] = &[
    "code.decode",
    "code.inflate",
    "code.decrypt",
    "exec.load",
    "sh.decode",
];
const SECRET: &[&str] = &[
    "place.secret",
    "text.browser-data",
    "text.wallet",
    "text.token-pattern",
    "steal.browser",
    "steal.keyring",
];
const WATCHED: &[&str] = &[
    "watch.screen",
    "watch.keys",
    "watch.clipboard",
    "watch.camera",
    "watch.sound",
];
const SPYING: &[&str] = &[
    "watch.screen",
    "watch.keys",
    "watch.clipboard",
    "watch.monitor",
    "watch.process",
    "watch.files",
    "watch.memory",
    "watch.window",
];
const BLOB: &[&str] = &[
    "text.blob-long",
    "text.blob-base64",
    "text.blob-hex",
    "text.blob-bytes",
    "text.dense",
];
const ODD_HOST: &[&str] = &[
    "address.hosted",
    "address.cheap",
    "address.random",
    "address.disguised",
    "address.number",
];
const WRITE_SYSTEM: &[&str] = &[
    "touch.write.system",
    "touch.write.setup",
    "touch.write.kernel",
    "touch.write.startup",
];
const SHELL_ACTING: &[&str] = &[
    "touch.sensitive",
    "sh.fetch",
    "sh.upload",
    "sh.sudo",
    "pipe.run",
    "sh.inline",
    "sh.remote",
];
/// Families that are no single acts.
const GROUPED: &[&str] = &[
    "touch.", "with.", "small.", "sh.short", "place.", "found.", "start.",
];
/// Families whose acts reach beyond the program.
const ACTING: &[&str] = &[
    "net.", "exec.", "steal.", "host.", "watch.", "touch.", "hidden.", "address.",
];

/// What the combinations are made of.
struct Parts {
    fetch: bool,
    send: bool,
    net: bool,
    run: bool,
    decode: bool,
    who: usize,
    written: bool,
    constant: bool,
    shell: bool,
    lines: usize,
}

/// Adds the combinations; `lines` are lines with code.
pub(super) fn add(lines: usize, features: &mut Features) {
    let parts = Parts {
        fetch: features.has_any(FETCH),
        send: features.has_any(SEND),
        net: features.has_any(NET),
        run: if features.has("shape.shell") {
            features.has_any(RUN)
        } else {
            features.has_any(SCRIPT_RUN) || features.has("inner.shell") && !features.has("exec.plain")
        },
        decode: features.has_any(DECODE),
        who: features.count("who."),
        written: features.has("file.write"),
        constant: features.has("address.any") && !features.has("address.local"),
        shell: features.has("shape.shell"),
        lines,
    };
    add_network(&parts, features);
    add_hiding(&parts, features);
    add_small(&parts, features);
    add_shell(&parts, features);
    add_amounts(&parts, features);
    add_groups(lines, features);
    if parts.shell && lines > 40 {
        // A long script that sets a machine up does many things once each.
        features.fade((40.0 / lines as f64).max(0.45));
    }
}

fn add_network(parts: &Parts, features: &mut Features) {
    let Parts {
        fetch,
        send,
        net,
        run,
        who,
        ..
    } = *parts;
    let secret = features.has_any(SECRET);
    let watched = features.has_any(WATCHED);
    for (name, holds) in [
        ("with.hook-net", features.has("address.hook") && net),
        (
            "with.hook-files",
            features.has("address.hook") && features.has_any(&["send.file", "file.list"]),
        ),
        ("with.catcher-net", features.has("address.catcher") && net),
        ("with.fetch-run", fetch && run),
        ("with.fetch-write-run", fetch && run && parts.written),
        ("with.who-net", who >= 2 && net),
        ("with.much-who-net", who >= 4 && net),
        ("with.environ-send", features.has("who.environ") && send),
        ("with.secret-net", secret && net),
        ("with.secret-run", secret && run),
        ("with.watch-net", watched && net),
        (
            "with.socket-run",
            features.has_any(&["net.connect", "sh.socket"]) && run,
        ),
        (
            "with.socket-pty",
            features.has("net.socket") && features.has("exec.pty"),
        ),
        (
            "with.thread-net",
            features.has("wait.thread") && net && features.has("loop.endless"),
        ),
        ("with.quiet-fetch", features.has("exec.quiet") && parts.constant),
        (
            "with.program-fetch",
            features.has("address.program") && (fetch || run),
        ),
        (
            "with.start-net-exec",
            features.has("start.net") && features.has("start.exec"),
        ),
    ] {
        features.set_if(name, Holds(holds));
    }
}

fn add_hiding(parts: &Parts, features: &mut Features) {
    let Parts {
        fetch,
        net,
        run,
        decode,
        who,
        written,
        ..
    } = *parts;
    let encode = features.has("code.encode");
    let encrypt = features.has("code.encrypt");
    let native = features.has_any(&["exec.native", "exec.inject"]);
    let bytes = features.has_any(&["text.blob-hex", "text.blob-bytes", "shape.many-escapes"]);
    for (name, holds) in [
        ("with.decode-run", decode && run),
        ("with.decode-fetch", decode && fetch),
        ("with.encrypt-list", encrypt && features.has("file.list")),
        ("with.encrypt-delete", encrypt && features.has("file.delete")),
        ("with.native-blob", native && bytes),
        ("with.blob-run", features.has_any(BLOB) && run),
        ("with.write-mode-run", written && features.has("file.mode") && run),
        (
            "with.program-run",
            features.has_any(&["exec.runs-file", "text.program-file"]) && run,
        ),
        ("with.windows-run", features.has("text.windows-place") && run),
        (
            "with.run-inner",
            !parts.shell && run && features.has("inner.other"),
        ),
        (
            "with.start-inner",
            !parts.shell && features.has("start.exec") && features.has("inner.other"),
        ),
        (
            "with.encode-dns",
            features.has("sh.dns") && features.has_any(&["sh.encode", "code.encode"]),
        ),
        ("with.encode-write", encode && written),
        (
            "with.encode-code-write",
            encode && written && features.has("text.inner-code"),
        ),
        ("with.encode-net", encode && net),
        ("with.who-encode", who >= 2 && encode),
        ("with.code-text-write", features.has("text.inner-code") && written),
    ] {
        features.set_if(name, Holds(holds));
    }
}

/// What a program of some lines does is what it is for.
fn add_small(parts: &Parts, features: &mut Features) {
    let small = parts.lines < 40 && !parts.shell;
    for (name, holds) in [
        ("small.touch", small && features.has("touch.sensitive")),
        ("small.net-constant", small && parts.net && parts.constant),
        ("small.run", small && parts.run),
        ("small.hosted", small && features.has_any(ODD_HOST)),
        ("small.watch", small && features.has_any(SPYING)),
        ("small.memory", small && features.has("watch.memory")),
        ("small.kill", small && features.has("host.kill")),
        ("small.code", small && features.has("exec.code")),
        (
            "small.write-system",
            parts.lines < 80 && features.has_any(WRITE_SYSTEM),
        ),
    ] {
        features.set_if(name, Holds(holds));
    }
}

fn add_shell(parts: &Parts, features: &mut Features) {
    let short = parts.shell && parts.lines < 12;
    features.set_if("sh.short", Holds(short || parts.lines < 30 && !parts.shell));
    features.set_if("sh.short-touch", Holds(short && features.has("touch.sensitive")));
    features.set_if("sh.short-hosted", Holds(short && features.has_any(ODD_HOST)));
    features.set_if("sh.short-fetch", Holds(short && parts.fetch));
    features.set_if(
        "sh.pure-text",
        Holds(parts.shell && !features.has_any(SHELL_ACTING)),
    );
}

fn add_amounts(parts: &Parts, features: &mut Features) {
    let acting = ACTING.iter().map(|family| features.count(family)).sum::<usize>();
    let grave = ["steal.", "host.", "hidden.", "watch."]
        .iter()
        .map(|family| features.count(family))
        .sum::<usize>();
    // Addresses in texts are no act.
    let idle = acting == features.count("address.");
    features.set_if("shape.pure", Holds(idle && !parts.shell));
    let (acting, grave, lines) = (acting as f64, grave as f64, parts.lines as f64);
    features.raise("many.acts", acting / 20.0);
    features.raise("many.grave", grave / 6.0);
    features.raise("dense.acts", acting / (lines + 8.0) * 2.0);
    features.raise("dense.grave", grave / (lines + 20.0) * 8.0);
}

/// How many features of each weight that is expected of them: what is learned of some holds for their like as well.
fn add_groups(lines: usize, features: &mut Features) {
    let (mut strong, mut suspect) = (0_usize, 0_usize);
    let mut acts = 0_usize;
    let is_act = |name: &str| GROUPED.iter().all(|family| !name.starts_with(family));
    for (name, value) in features.iter() {
        let weight = prior(name).weight * value;
        strong += usize::from(weight >= 1.8);
        suspect += usize::from((1.0..1.8).contains(&weight));
        acts += usize::from(weight >= 1.8 && is_act(name));
    }
    let size = lines as f64 + 12.0;
    features.raise("amount.strong", strong as f64 * 8.0 / size);
    features.raise("amount.suspect", suspect as f64 * 4.0 / size);
    features.set_if("group.strong", Holds(strong >= 1));
    features.set_if("group.strong-2", Holds(strong >= 2));
    features.set_if("group.strong-3", Holds(strong >= 3));
    features.set_if("group.suspect", Holds(suspect >= 1));
    features.set_if("group.suspect-2", Holds(suspect >= 2));
    features.set_if("group.suspect-4", Holds(suspect >= 4));
    let short = features.has("sh.short");
    features.set_if("group.short-strong", Holds(short && strong >= 1));
    features.set_if("group.act", Holds(acts >= 1));
    features.set_if("group.short-act", Holds(short && acts >= 1));
    features.set_if("group.short-suspect", Holds(short && suspect >= 1));
}
