//! The shape of a source: how long, how commented, how hidden. Text alone; what the program does is told by its facts.

use super::features::{Features, Holds};
use crate::ir::{FunctionKind, Language, Program};

/// What one walk over a source counts.
#[derive(Default)]
struct Counts {
    lines: usize,
    code_lines: usize,
    comment_lines: usize,
    longest: usize,
    pushed: bool,
    escapes: usize,
    quotes: usize,
    bytes: usize,
    joined: usize,
    other_letters: usize,
}

/// Adds what the shape of the submitted files tells, and gives the number of lines with code.
pub(super) fn look_at(program: &Program, features: &mut Features) -> usize {
    let mut counts = Counts::default();
    let mut is_shell = false;
    for file in program.files.iter().filter(|file| file.inside.is_none()) {
        is_shell |= file.language == Language::Bash;
        count(&file.text, file.language, &mut counts);
        features.set_if("shape.broken", Holds(file.broken));
        for (what, _) in &file.unreadable {
            features.set_if("shape.bomb", Holds(what.contains("bomb")));
            features.set_if("shape.python2", Holds(*what == "python2"));
        }
    }
    sizes(&counts, is_shell, features);
    hiding(&counts, features);
    structure(program, features);
    counts.code_lines
}

fn count(text: &str, language: Language, counts: &mut Counts) {
    let marks: &[&str] = match language {
        Language::Python | Language::Bash | Language::Ruby | Language::Perl | Language::R => &["#"],
        Language::Lua => &["--"],
        _ => &["//", "*", "/*"],
    };
    for line in text.lines() {
        counts.lines += 1;
        counts.longest = counts.longest.max(line.len());
        let trimmed = line.trim_start();
        if trimmed.is_empty() {
            continue;
        }
        if marks.iter().any(|mark| trimmed.starts_with(mark)) {
            counts.comment_lines += usize::from(!trimmed.starts_with("#!"));
            continue;
        }
        counts.code_lines += 1;
        counts.pushed |= line.len() > 150 && is_pushed(line);
        counts.joined += usize::from(line.matches(';').count() >= 3 && language == Language::Python);
    }
    let bytes = text.as_bytes();
    counts.bytes += bytes.len();
    counts.escapes += bytes
        .windows(2)
        .filter(|pair| pair[0] == b'\\' && matches!(pair[1], b'x' | b'u' | b'0'..=b'7'))
        .count();
    counts.quotes += bytes.iter().filter(|byte| matches!(byte, b'"' | b'\'')).count();
    counts.other_letters += bytes.iter().filter(|byte| **byte >= 128).count();
}

/// Code that stands behind a hundred spaces, where no editor shows it.
fn is_pushed(line: &str) -> bool {
    let mut run = 0_usize;
    let mut seen = false;
    for byte in line.bytes() {
        if byte == b' ' {
            run += 1;
        } else {
            if run >= 100 && (seen || byte == b';') {
                return byte != b'#' && byte != b'\\';
            }
            seen = true;
            run = 0;
        }
    }
    false
}

fn sizes(counts: &Counts, is_shell: bool, features: &mut Features) {
    let lines = counts.code_lines;
    features.set(match lines {
        0..=1 => "shape.lines-1",
        2..=9 => "shape.lines-10",
        10..=29 => "shape.lines-30",
        30..=99 => "shape.lines-100",
        100..=399 => "shape.lines-400",
        _ => "shape.lines-more",
    });
    features.raise("shape.length", (lines as f64 + 1.0).ln() / 8.0);
    let share = counts.comment_lines as f64 / (counts.lines.max(1)) as f64;
    features.raise("shape.comments", share * 2.0);
    features.set_if("shape.commented", Holds(counts.comment_lines >= 3));
    features.set_if("shape.shell-line", Holds(is_shell && lines <= 1));
    features.set_if("shape.shell", Holds(is_shell));
}

fn hiding(counts: &Counts, features: &mut Features) {
    features.set_if("shape.pushed", Holds(counts.pushed));
    features.set_if("shape.long-line", Holds(counts.longest >= 1000));
    features.set_if("shape.very-long-line", Holds(counts.longest >= 5000));
    features.set_if(
        "shape.escapes",
        Holds(counts.escapes >= 60 && counts.escapes * 40 > counts.bytes),
    );
    features.set_if(
        "shape.many-escapes",
        Holds(counts.escapes >= 100 && counts.escapes * 8 > counts.bytes),
    );
    features.set_if("shape.joined", Holds(counts.joined >= 1));
    features.set_if(
        "shape.other-letters",
        Holds(counts.other_letters * 10 > counts.bytes),
    );
}

fn structure(program: &Program, features: &mut Features) {
    let own = |file: crate::ir::FileId| {
        program
            .files
            .get(usize::from(file.0))
            .is_some_and(|file| file.inside.is_none())
    };
    let functions = program
        .functions
        .iter()
        .filter(|function| function.kind == FunctionKind::Function && own(function.span.file));
    let (mut count, mut odd, mut named) = (0_usize, 0_usize, 0_usize);
    let mut tested = false;
    for function in functions {
        count += 1;
        let name = program.names.text(function.name);
        tested |= name.starts_with("test_") || name.starts_with("test") && name.len() > 6;
        named += usize::from(!name.is_empty());
        odd += usize::from(is_odd_name(name));
    }
    features.set_if("shape.functions", Holds(count >= 1));
    features.set_if("shape.many-functions", Holds(count >= 6));
    features.set_if("shape.classes", Holds(!program.classes.is_empty()));
    features.set_if("shape.tests", Holds(tested));
    let mut malice = 0_usize;
    for variable in &program.variables {
        let name = program.names.text(variable.name);
        if name.starts_with('.') || !own_function(program, variable.owner) {
            continue;
        }
        named += 1;
        odd += usize::from(is_odd_name(name));
        malice += usize::from(is_malice_word(name));
    }
    features.set_if("shape.odd-names", Holds(odd >= 4 && odd * 4 >= named));
    features.set_if("shape.all-odd-names", Holds(odd >= 6 && odd * 5 >= named * 3));
    features.set_if("word.malice", Holds(malice >= 1));
    features.set_if("word.malice-many", Holds(malice >= 3));
}

fn own_function(program: &Program, function: crate::ir::FuncId) -> bool {
    program
        .functions
        .get(function.0 as usize)
        .is_some_and(|function| {
            program
                .files
                .get(usize::from(function.span.file.0))
                .is_some_and(|file| file.inside.is_none())
        })
}

/// A name that no person gave: `_0x3f2a`, `O0O0O`, `lIlIl`, `wopvEaTEcopFEavc`.
fn is_odd_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    if name.starts_with("_0x")
        || bytes.len() >= 5 && bytes.iter().all(|byte| matches!(byte, b'O' | b'0' | b'o' | b'_'))
        || bytes.len() >= 4 && bytes.iter().all(|byte| matches!(byte, b'l' | b'I' | b'1' | b'i'))
    {
        return true;
    }
    if bytes.iter().any(|byte| *byte >= 128) || bytes.len() >= 8 && bytes.iter().all(|byte| *byte == b'_') {
        return true;
    }
    if bytes.len() < 8 {
        return false;
    }
    let turns = bytes
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        .count();
    let capitals = bytes.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let digits = bytes
        .windows(2)
        .filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit())
        .count();
    let vowels = bytes
        .iter()
        .filter(|byte| matches!(byte.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y'))
        .count();
    let spaced = name.contains('_') && !name.starts_with('_');
    !spaced
        && (turns * 4 >= bytes.len()
            || digits >= 4
            || vowels * 8 < bytes.len() && bytes.len() >= 10 && capitals < bytes.len()
            || capitals * 10 > bytes.len() * 3
                && capitals * 10 < bytes.len() * 8
                && turns >= 3
                && bytes.len() >= 10)
}

const MALICE_WORDS: &[&str] = &[
    "payload",
    "malware",
    "malicious",
    "malw",
    "backdoor",
    "keylog",
    "stealer",
    "steal_",
    "grabber",
    "grab_",
    "inject",
    "exploit",
    "shellcode",
    "reverse_shell",
    "revshell",
    "victim",
    "attacker",
    "evil",
    "hack",
    "virus",
    "trojan",
    "ransom",
    "botnet",
    "ddos",
    "flood",
    "phish",
    "bruteforce",
    "brute_force",
    "spoof",
    "exfil",
    "leak",
    "stealth",
    "c2_",
    "spyware",
    "sniff",
    "harvest",
    "rootkit",
];

fn is_malice_word(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    MALICE_WORDS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_lines_that_nobody_wrote_are_known() {
        for (name, odd) in [
            ("_0x3f2a", true),
            ("OO0O0", true),
            ("lIIlIl", true),
            ("wopvEaTEcopFEavc", true),
            ("read_file", false),
            ("HTTPConnection", false),
            ("parseArguments", false),
            ("i", false),
        ] {
            assert_eq!(is_odd_name(name), odd, "{name}");
        }
        assert!(is_pushed(&format!("import os{};x()", " ".repeat(200))));
        assert!(!is_pushed(&format!("{}import os", " ".repeat(200))));
    }
}
