//! `casemate analysis-worker`: the process that reads programs before they run. Casemate starts it; nobody types it, so
//! no help names it.
//!
//! A source that nests too deeply, or needs too much memory, ends this process and nothing else. It must read nothing
//! of anybody's before its walls stand, and it is the only caller of the analysis.

use crate::args::AnalysisWorker;
use casemate_analysis::codec::{MAX_SUBMISSION_BYTES, decode_submission, encode_report};
use casemate_analysis::ir::Language;
use casemate_analysis::rules::Rules;
use casemate_analysis::{Bounds, SourceFile, Submission, analyze_by};
use casemate_engine::sandbox::analyser::{self, Confined, Kind};
use casemate_types::with_causes;
use std::os::fd::AsFd;

/// The exit code of a worker without walls, or whose asker said what has no meaning.
const REFUSED: u8 = 1;

/// Runs the worker to its end; the exit code.
pub fn run(args: &AnalysisWorker) -> u8 {
    let Ok(socket) = analyser::socket() else {
        return REFUSED;
    };
    let mut desk = Desk {
        bounds: Bounds::default(),
        own: None,
    };
    desk.warm(args.most);
    let walls = Confined {
        id: args.id,
        network_namespace: args.network_namespace,
    };
    if let Err(error) = analyser::confine(&walls) {
        // Who asks hears why; one that is gone needs no word.
        let _ = analyser::tell_failure(socket.as_fd(), &with_causes(&error));
        return REFUSED;
    }
    let served = analyser::serve(socket.as_fd(), MAX_SUBMISSION_BYTES, args.most, |kind, bytes| {
        desk.answer(kind, bytes)
    });
    if served.is_ok() { 0 } else { REFUSED }
}

/// What the worker goes by.
struct Desk {
    bounds: Bounds,
    /// Ours and the user's, where the user has any.
    own: Option<Rules>,
}

impl Desk {
    /// Reads programs of our own before the walls stand: tables are made before somebody waits for them, and parsers ask
    /// for the bounds of this thread's stack, which the C library reads in `/proc`. A process that reads one program
    /// makes ready for one.
    fn warm(&self, most: u32) {
        let all = [
            (Language::Python, "x = 1\n"),
            (Language::TypeScript, "let x = 1;\n"),
            (Language::Bash, "x=1\n"),
        ];
        let count = if most > 1 { all.len() } else { 1 };
        for (language, text) in &all[..count] {
            let file = SourceFile {
                path: "warm".into(),
                language: Some(*language),
                bytes: text.as_bytes().to_vec(),
            };
            let _ = analyze_by(Rules::builtin(), &Submission { files: vec![file] }, &self.bounds);
        }
    }

    fn answer(&mut self, kind: Kind, bytes: &[u8]) -> Result<Vec<u8>, String> {
        match kind {
            Kind::Plain => {
                let submission =
                    decode_submission(bytes).map_err(|error| format!("the submission: {error}"))?;
                let rules = self.own.as_ref().unwrap_or(Rules::builtin());
                Ok(encode_report(&analyze_by(rules, &submission, &self.bounds)))
            }
            Kind::Setting => self.take_rules(bytes).map(|()| Vec::new()),
            #[cfg(feature = "test-omit-walls")]
            Kind::Trial => Ok(trial::attempt(bytes)),
            _ => Err("this is no question".into()),
        }
    }

    /// A file of rules: its name, a NUL, its text.
    fn take_rules(&mut self, bytes: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| text.split_once('\0'));
        let (name, text) = text.ok_or("this is no file of rules")?;
        let known = self.own.as_ref().unwrap_or(Rules::builtin());
        self.own = Some(known.with_file(name, text).map_err(|error| error.to_string())?);
        Ok(())
    }
}

/// What a worker that was taken over would try. Only a test build has it.
#[cfg(feature = "test-omit-walls")]
mod trial {
    use casemate_sys::fs::{self, Resolve};
    use casemate_sys::{libc, process, socket};

    /// Tries one thing; where it can still answer, what became of it.
    pub fn attempt(name: &[u8]) -> Vec<u8> {
        let tried = match name {
            b"open" => fs::open_at(None, b"/etc/passwd", libc::O_RDONLY, 0, Resolve::Host).map(drop),
            b"socket" => socket::pair().map(drop),
            b"fork" => process::fork().map(drop),
            b"kill" => process::kill(1, 0),
            b"exec" => process::Vector::new(&["true"]).and_then(|argv| {
                Err(process::exec(
                    b"/proc/self/exe",
                    &argv,
                    &process::Vector::new(&[""; 0])?,
                ))
            }),
            b"stack" => Err(std::io::Error::other(deep(0).to_string())),
            b"memory" => Err(std::io::Error::other(
                std::hint::black_box(vec![1u8; 1 << 30]).len().to_string(),
            )),
            b"endless" => loop {
                std::hint::black_box(());
            },
            _ => return b"unknown".to_vec(),
        };
        format!("{tried:?}").into_bytes()
    }

    fn deep(depth: u64) -> u64 {
        let room = std::hint::black_box([depth; 512]);
        if depth == u64::MAX {
            room[0]
        } else {
            deep(depth + 1) + room[7]
        }
    }
}
