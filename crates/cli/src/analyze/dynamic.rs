//! `casemate analyze --dynamic`: each program that was read runs in a sandbox of its own, one after the other, and what it
//! did is joined with what its source shows.

use super::options::Options;
use super::{Read, conclude};
use crate::exit::usage;
use anyhow::Result;
use casemate_analysis::{SourceFile, Submission};
use casemate_engine::Settings;
use casemate_engine::analysis::{Reading, Trouble};
use casemate_engine::detonation::{Terms, detonate, join};
use casemate_engine::runtime::oneshot::Unobserved;
use casemate_types::analysis::Analysis;
use casemate_types::{ExecutionRequest, InputFile, RelativePath, with_causes};
use std::path::Path;
use std::time::Duration;

/// Bounds of `--dynamic-timeout`.
const LIMITS: std::ops::RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(600);

/// Detonates every program; what cannot be is refused, and says why.
pub fn run(options: &Options, settings: Settings, reads: &mut [Option<Read>]) -> Result<()> {
    if !LIMITS.contains(&options.dynamic_timeout) {
        return Err(usage("--dynamic-timeout: 1ms to 10m is expected"));
    }
    let terms = Terms {
        limit: options.dynamic_timeout,
    };
    let mut policy = settings.admission;
    if let Some(mode) = options.mode {
        policy.mode = mode.into();
    }
    for place in reads.iter_mut() {
        let Some(read) = place.take() else { continue };
        // What could not be read is refused already.
        let Some(Reading::Report(mut report)) = read.reading else {
            *place = Some(read);
            continue;
        };
        let submission = Submission { files: read.files };
        let (reading, detonation) = match request(&submission.files) {
            Err(why) => (Reading::Trouble(Trouble::Undetonated(why)), None),
            Ok((request, extension)) => {
                let extension = extension.as_deref();
                match detonate(&request, extension, &settings, terms, &mut Unobserved) {
                    Err(error) => (Reading::Trouble(Trouble::Undetonated(with_causes(&error))), None),
                    Ok(seen) => {
                        let detonation = join(&mut report, &submission, &seen);
                        (Reading::Report(report), Some(detonation))
                    }
                }
            }
        };
        let joined = conclude(submission.files, reading, &policy);
        *place = Some(Read {
            analysis: Analysis {
                detonation,
                ..joined.analysis
            },
            ..joined
        });
    }
    Ok(())
}

/// The first file is the program, and the others lie beside it.
fn request(files: &[SourceFile]) -> Result<(ExecutionRequest, Option<String>), String> {
    let first = files.first().ok_or("there is no file")?;
    let language = first.language.ok_or("its language is not known")?;
    let extension = Path::new(&first.path).extension().and_then(|e| e.to_str());
    let folder = Path::new(&first.path).parent().unwrap_or(Path::new(""));
    let others = files.iter().skip(1).map(|file| {
        let path = Path::new(&file.path);
        let name = path.strip_prefix(folder).unwrap_or(path).to_string_lossy();
        let path =
            RelativePath::new("files.path", name.trim_start_matches('/')).map_err(|e| e.to_string())?;
        Ok(InputFile {
            path,
            content: file.bytes.clone(),
            mode: 0o644,
        })
    });
    let request = ExecutionRequest {
        language: language.as_str().to_owned(),
        code: first.bytes.clone(),
        files: others.collect::<Result<_, String>>()?,
        ..ExecutionRequest::default()
    };
    request
        .check(&casemate_types::Maxima::largest())
        .map_err(|error| error.to_string())?;
    Ok((request, extension.map(str::to_owned)))
}
