//! The spine of one execution, step by step in the order of ARCHITECTURE.md:
//!
//! request -> identity -> policy -> analysis -> admission -> lease -> run -> monitor -> verdict ->
//! audit -> response
//!
//! Steps that are not built yet have their place marked by a comment and nothing else: no step
//! pretends. Whatever goes wrong ends the execution; nothing is skipped.

use crate::admission::{self, Policy};
use crate::analysis::{self, Reader, Readers, Reading, Trouble};
use crate::detonation::{self, Terms};
use crate::error::EngineError;
use crate::layers::BlueprintFacts;
use crate::outcome::{Compile, Concluding, Unstarted, conclude, unstarted};
use crate::stages::{self, Placed};
use casemate_analysis::codec::encode_submission;
use casemate_runtime::language::{Host, Installation, Language, SourceName, Table, detect};
use casemate_runtime::oneshot::{self, Job, Observer, Report, Stream};
use casemate_sandbox::ids::IdRange;
use casemate_sandbox::plan::{Ground, draw};
use casemate_sandbox::{Collected, Sandbox, Setup, WallSet, Warden, random};
use casemate_types::analysis::{Analysis, Mode};
use casemate_types::id::RANDOM_BYTES;
use casemate_types::{
    ExecutionId, ExecutionRequest, Limits, Maxima, NodeId, Outcome, Profile, SandboxId, Status, with_causes,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// What an engine goes by; all of it from trusted configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This machine.
    pub node_id: NodeId,
    /// Bounds of requests.
    pub maxima: Maxima,
    /// Where interpreters are looked for.
    pub host: Host,
    /// Folder for locks and kept look-ups; exists, mode 0700.
    pub state_dir: PathBuf,
    /// Ids of sandboxes when root.
    pub ids: Option<IdRange>,
    /// Where the cgroup subtree is.
    pub cgroup_base: Option<PathBuf>,
    /// Our own program, which compiles some languages. `/proc/self/exe` is the one that runs, whatever became
    /// of its file.
    pub own_program: PathBuf,
    /// Walls that may be missing.
    pub allow_missing: WallSet,
    /// Names of walls left out; only a test build can.
    pub omit_walls: Vec<String>,
    /// What decisions on programs go by.
    pub admission: Policy,
    /// The id that a process which reads programs takes when we are root.
    pub analysis_id: Option<u32>,
}

/// One execution in the making: a language found, a warden started.
pub struct Engine {
    settings: Settings,
    installation: Installation,
    facts: BlueprintFacts,
    warden: Warden,
    /// The process that reads the program, or why there is none.
    reader: Result<Reader, String>,
    /// The sandbox that was ordered beforehand.
    ordered: Option<(Sandbox, SandboxId)>,
    analysis: Option<Arc<Analysis>>,
    reading: Duration,
    created_at: SystemTime,
    begun: Instant,
}

/// Executes a request with a warden of its own.
///
/// The calling process must have a single thread.
///
/// # Errors
/// When the request is out of bounds, or we or the host could not carry it out. What the program
/// does is never an error.
pub fn execute(
    request: &ExecutionRequest,
    extension: Option<&str>,
    settings: Settings,
    observer: &mut dyn Observer,
) -> Result<Outcome, EngineError> {
    let mut engine = Engine::prepare(request, extension, settings)?;
    // identity, policy: one caller, who may do what the limits allow.
    let Some(reading) = engine.read(observer) else {
        return engine.end_unstarted(Status::Cancelled, None);
    };
    let read = match &reading {
        Reading::Report(report) if request.profile == Profile::Detonate => Some(report.clone()),
        _ => None,
    };
    let mut analysis = engine.admit(reading, request);
    if let (Some(report), None) = (read, admission::denial(&analysis)) {
        match engine.detonate(*report, request, extension, observer) {
            Some(both) => analysis = both,
            None => return engine.end_unstarted(Status::Cancelled, None),
        }
    }
    if let Some(reason) = admission::denial(&analysis) {
        return engine.end_unstarted(Status::Denied, Some(reason));
    }
    if analysis.mode == Mode::Enforce && !analysis.restrictions.is_empty() {
        let restricted = admission::restrict(request.clone(), &analysis.restrictions);
        engine.give_up_ordered()?;
        return engine.run(&restricted, extension, observer);
    }
    engine.run(request, extension, observer)
    // audit: nothing is recorded yet.
}

impl Engine {
    /// The request is checked, its language found, a process reads its program, and a warden is started for it.
    ///
    /// # Errors
    /// As [`execute`].
    pub fn prepare(
        request: &ExecutionRequest,
        extension: Option<&str>,
        settings: Settings,
    ) -> Result<Self, EngineError> {
        let (created_at, begun) = (SystemTime::now(), Instant::now());
        request.check(&settings.maxima)?;
        // First of all, so that it settles on another CPU while the rest is looked up.
        let mut warden = Warden::start(Setup {
            blueprints: Vec::new(),
            takes_blueprints: true,
            ids: settings.ids,
            state_dir: settings.state_dir.clone(),
            cgroup_base: settings.cgroup_base.clone(),
            allow_missing: settings.allow_missing,
            lifeline: None,
        })?;
        let language = Table::builtin()
            .find(&request.language)
            .ok_or_else(|| EngineError::UnknownLanguage(request.language.chars().take(64).collect()))?;
        let reader = start_reading(request, extension, language, &settings);
        // Ordered before anything is looked up, where it is known what to order: a compiler's sandbox differs.
        let ordered = if language.compile.is_none() && settings.omit_walls.is_empty() {
            let id = new_sandbox_id()?;
            let collects = !request.outputs.is_empty();
            let create = stages::create(id.value(), &request.limits, request.network, collects);
            Some((warden.begin(create)?, id))
        } else {
            None
        };
        let installation = detect(language, &settings.host)?;
        let mut ground = Ground {
            prefixes: installation.prefixes.clone(),
            extra: installation.mounts.clone(),
            cache_dir: Some(settings.state_dir.clone()),
            ..Ground::default()
        };
        for wall in &settings.omit_walls {
            ground.omitted.add(wall);
        }
        let blueprint = draw(&ground)?;
        let facts = BlueprintFacts::from(&blueprint);
        warden.add_blueprint(&blueprint)?;
        if ordered.is_some() {
            warden.hand_over_image()?;
        }
        Ok(Self {
            settings,
            installation,
            facts,
            warden,
            reader,
            ordered,
            analysis: None,
            reading: Duration::ZERO,
            created_at,
            begun,
        })
    }

    /// Waits until the program is read; `None` when the caller ended it first.
    fn read(&mut self, observer: &mut dyn Observer) -> Option<Reading> {
        let reading = match &mut self.reader {
            Err(why) => Reading::Trouble(Trouble::Unavailable(why.clone())),
            Ok(reader) => loop {
                match reader.finish(observer.interrupt()) {
                    Some(reading) => break reading,
                    None if observer.wants_end() => return None,
                    None => {}
                }
            },
        };
        self.reading = self.begun.elapsed();
        Some(reading)
    }

    /// Decides, and keeps the decision for the outcome.
    fn admit(&mut self, reading: Reading, request: &ExecutionRequest) -> Arc<Analysis> {
        let analysis = Arc::new(admission::decide(reading, request, &self.settings.admission));
        self.analysis = Some(analysis.clone());
        analysis
    }

    /// Runs the program in a sandbox of its own first, and decides again by what it did too; `None` when the caller ended
    /// it. What goes wrong refuses the program.
    fn detonate(
        &mut self,
        mut report: casemate_analysis::Report,
        request: &ExecutionRequest,
        extension: Option<&str>,
        observer: &mut dyn Observer,
    ) -> Option<Arc<Analysis>> {
        let mut quiet = Interruptible { inner: observer };
        let seen = detonation::detonate(request, extension, &self.settings, Terms::default(), &mut quiet);
        if matches!(&seen, Ok(seen) if seen.status == Status::Cancelled) {
            return None;
        }
        let language = self.installation.language;
        let source = language.source_name(extension, &request.code);
        let submission = analysis::submission(request, language.name, &source.file);
        let (reading, detonation) = match seen {
            Ok(seen) => {
                let detonation = detonation::join(&mut report, &submission, &seen);
                (Reading::Report(Box::new(report)), Some(detonation))
            }
            Err(error) => (Reading::Trouble(Trouble::Undetonated(with_causes(&error))), None),
        };
        self.reading = self.begun.elapsed();
        let decided = admission::decide(reading, request, &self.settings.admission);
        let analysis = Arc::new(Analysis {
            detonation,
            ..decided
        });
        self.analysis = Some(analysis.clone());
        Some(analysis)
    }

    /// The sandbox that was ordered has more than the program may have.
    fn give_up_ordered(&mut self) -> Result<(), EngineError> {
        if let Some((sandbox, _)) = self.ordered.take() {
            self.warden.link().end(&sandbox)?;
        }
        Ok(())
    }

    fn end_unstarted(self, status: Status, reason: Option<&str>) -> Result<Outcome, EngineError> {
        Ok(unstarted(Unstarted {
            id: new_id(ExecutionId::at, self.created_at)?,
            sandbox_id: None,
            node_id: self.settings.node_id,
            status,
            reason: reason.map(str::to_owned),
            created_at: self.created_at,
            started_at: None,
            begun: self.begun,
            analysis: self.analysis,
            reading: self.reading,
        }))
    }

    /// Lease, run, and what follows.
    fn run(
        mut self,
        request: &ExecutionRequest,
        extension: Option<&str>,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, EngineError> {
        let source = self.installation.language.source_name(extension, &request.code);
        let files = stages::files(request, &source);
        let compiled = match stages::compile_limits(&self.installation, &request.limits) {
            Some(limits) => Some(self.compile(&source, &files, &limits, observer)?),
            None => None,
        };
        let (report, sandbox_id, compiled) = match compiled {
            Some(Compiled {
                report,
                sandbox_id,
                artifacts: None,
                ..
            }) => (report, sandbox_id, Compile::Failed),
            Some(Compiled {
                artifacts: Some(artifacts),
                took,
                ..
            }) => {
                let files = stages::with_artifacts(files, &artifacts);
                let (report, id) = self.run_program(request, &source, &files, observer)?;
                (report, id, Compile::Done(took))
            }
            None => {
                let (report, id) = self.run_program(request, &source, &files, observer)?;
                (report, id, Compile::Done(Duration::ZERO))
            }
        };
        self.conclude(request, report, sandbox_id, compiled)
    }

    fn compile(
        &mut self,
        source: &SourceName,
        files: &[Placed<'_>],
        limits: &Limits,
        observer: &mut dyn Observer,
    ) -> Result<Compiled, EngineError> {
        let begun = Instant::now();
        let sandbox_id = new_sandbox_id()?;
        let own = stages::own_program(&self.installation, &self.settings.own_program)
            .map_err(EngineError::OwnProgram)?;
        let files = stages::with_own_program(files, own.as_deref());
        let job = stages::compile_job(&self.installation, source, &files, limits, sandbox_id);
        let mut quiet = Interruptible { inner: observer };
        let mut report = oneshot::run(&mut self.warden, job, &mut quiet)?;
        let artifacts = stages::artifacts(&mut report);
        if artifacts.is_none() {
            observer.output(Stream::Stdout, &report.stdout.kept);
            observer.output(Stream::Stderr, &report.stderr.kept);
        }
        Ok(Compiled {
            report,
            sandbox_id,
            artifacts,
            took: begun.elapsed(),
        })
    }

    fn run_program(
        &mut self,
        request: &ExecutionRequest,
        source: &SourceName,
        files: &[Placed<'_>],
        observer: &mut dyn Observer,
    ) -> Result<(Report, SandboxId), EngineError> {
        let (begun, sandbox_id) = match self.ordered.take() {
            Some((sandbox, id)) => (Some(sandbox), id),
            None => (None, new_sandbox_id()?),
        };
        let job = Job {
            begun,
            ..stages::program_job(&self.installation, request, source, files, sandbox_id)
        };
        // monitor: an observer that wants to know of its place has it watched (casemate run --watch).
        Ok((oneshot::run(&mut self.warden, job, observer)?, sandbox_id))
    }

    /// The verdict is the status alone; then the response.
    fn conclude(
        self,
        request: &ExecutionRequest,
        report: Report,
        sandbox_id: SandboxId,
        compiled: Compile,
    ) -> Result<Outcome, EngineError> {
        let execution = Concluding {
            id: new_id(ExecutionId::at, self.created_at)?,
            sandbox_id,
            node_id: self.settings.node_id,
            created_at: self.created_at,
            begun: self.begun,
            queue: Duration::ZERO,
            network: request.network,
            facts: self.facts,
            compiled,
            intervention: None,
            analysis: self.analysis,
            reading: self.reading,
        };
        conclude(execution, report)
    }
}

/// Has the program read beside all that follows. Why it cannot be is a reason to refuse it, later.
fn start_reading(
    request: &ExecutionRequest,
    extension: Option<&str>,
    language: &Language,
    settings: &Settings,
) -> Result<Reader, String> {
    let source = language.source_name(extension, &request.code);
    let submission = analysis::submission(request, language.name, &source.file);
    let readers = Readers {
        program: &settings.own_program,
        id: settings.analysis_id,
        network_namespace: false,
        most: 1,
    };
    Reader::begin(&readers, &encode_submission(&submission)).map_err(|error| with_causes(&error))
}

struct Compiled {
    report: Report,
    sandbox_id: SandboxId,
    /// What the compiler made; `None` when it failed.
    artifacts: Option<Vec<Collected>>,
    took: Duration,
}

/// Passes interrupts on, and keeps a compiler's output back until it is known to be an error.
struct Interruptible<'a> {
    inner: &'a mut dyn Observer,
}

impl Observer for Interruptible<'_> {
    fn output(&mut self, _: Stream, _: &[u8]) {}

    fn interrupt(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.inner.interrupt()
    }

    fn wants_end(&mut self) -> bool {
        self.inner.wants_end()
    }

    fn tick(&mut self) {
        self.inner.tick();
    }
}

pub(crate) fn new_sandbox_id() -> Result<SandboxId, EngineError> {
    new_id(SandboxId::at, SystemTime::now())
}

pub(crate) fn new_id<T>(
    make: impl Fn(Duration, [u8; RANDOM_BYTES]) -> T,
    at: SystemTime,
) -> Result<T, EngineError> {
    let mut bytes = [0; RANDOM_BYTES];
    random::fill(&mut bytes).map_err(EngineError::Id)?;
    Ok(make(
        at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
        bytes,
    ))
}
