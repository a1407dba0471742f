//! The whole way of a workspace from TypeScript to JavaScript, without touching the file system.
//!
//! `workspace` calls it, and the fuzz target. The parser recurses with the depth of a source, and what
//! runs out of stack ends the process: only a process that may end can call it.

use crate::decorator;
use crate::file::{Format, Kind};
use crate::folder::{Folders, PACKAGE};
use crate::module::Module;
use crate::project::Project;
use crate::report::Report;
use crate::rewrite::rewrite;
use oxc_allocator::Allocator;
use oxc_diagnostics::OxcDiagnostic;
use std::collections::BTreeSet;

/// The stack for sources that nest deeply. Only what is used of it is memory.
const STACK_BYTES: usize = 256 << 20;

/// A file of the workspace.
#[derive(Clone, Debug)]
pub struct Input {
    /// Path below the workspace.
    pub path: String,
    /// Its bytes.
    pub text: Vec<u8>,
}

/// A file to be written into the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Path below the workspace.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Why there is nothing to run.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The program is wrong; the text is for its author.
    #[error("{0}")]
    Program(String),
    /// No thread could be started, or it did not end well.
    #[error("the transformation did not end well")]
    Broken,
}

/// Makes JavaScript of the TypeScript among the inputs. `entry` is the path of the program's first file.
///
/// JavaScript is written only where it must have another name, or name another file.
///
/// # Errors
/// What is wrong with the program.
pub fn strip(inputs: &[Input], entry: &str) -> Result<Vec<Output>, Refusal> {
    std::thread::scope(|scope| {
        let work = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread = work.spawn_scoped(scope, || work_through(inputs, entry));
        thread
            .ok()
            .and_then(|thread| thread.join().ok())
            .unwrap_or(Err(Refusal::Broken))
    })
}

fn work_through(inputs: &[Input], entry: &str) -> Result<Vec<Output>, Refusal> {
    let mut report = Report::default();
    let folders = folders(inputs);
    let arenas: Vec<Allocator> = inputs.iter().map(|_| Allocator::default()).collect();
    let mut modules = parse(inputs, &arenas, &mut report);
    let first = modules
        .iter()
        .map(|(module, _)| module)
        .find(|module| module.path == entry);
    let mut project = Project::new(&folders, first);
    let names = transform(&mut modules, &mut project, &mut report);
    for (module, _) in &modules {
        if let Some(other) = project.overwritten(module.path) {
            let text = format!("its JavaScript would be written over {other} or what becomes of it");
            report.add(module.path, module.text, &OxcDiagnostic::error(text));
        }
    }
    if let Some(text) = report.finish() {
        return Err(Refusal::Program(text));
    }
    let mut outputs = Vec::new();
    let mut helpers = BTreeSet::new();
    for ((module, arena), name) in modules.iter_mut().zip(names) {
        let rewritten = rewrite(module, arena, &project);
        helpers.extend(rewritten.helpers);
        if module.kind.typed || rewritten.count > 0 || name != module.path {
            outputs.push(Output {
                path: name,
                text: module.print(),
            });
        }
    }
    outputs.extend(helpers.iter().filter_map(|name| {
        let text = decorator::text(name)?.to_owned();
        Some(Output {
            path: decorator::path(name),
            text,
        })
    }));
    outputs.extend(project.package().map(|text| Output {
        path: PACKAGE.into(),
        text,
    }));
    Ok(outputs)
}

fn folders(inputs: &[Input]) -> Folders {
    let mut folders = Folders::default();
    for input in inputs {
        let is_package = input.path == PACKAGE || input.path.ends_with("/package.json");
        if let Ok(text) = std::str::from_utf8(&input.text)
            && is_package
        {
            folders.add(&input.path, text.trim_start_matches('\u{feff}'));
        }
    }
    folders
}

type Parsed<'a> = Vec<(Module<'a>, &'a Allocator)>;

/// Parses every source. JavaScript that cannot be read is node's to complain about, if it is ever loaded.
fn parse<'a>(inputs: &'a [Input], arenas: &'a [Allocator], report: &mut Report) -> Parsed<'a> {
    let mut modules = Vec::new();
    for (input, arena) in inputs.iter().zip(arenas) {
        let Some(kind) = Kind::of(&input.path) else {
            continue;
        };
        let Ok(text) = std::str::from_utf8(&input.text) else {
            if kind.typed {
                report.add(&input.path, "", &OxcDiagnostic::error("it is not UTF-8"));
            }
            continue;
        };
        match Module::parse(arena, &input.path, text, kind) {
            Ok(module) => modules.push((module, arena)),
            Err(errors) if kind.typed => errors.iter().for_each(|e| report.add(&input.path, text, e)),
            Err(_) => {}
        }
    }
    modules
}

/// Transforms what is TypeScript; the names of all.
fn transform(modules: &mut Parsed<'_>, project: &mut Project<'_>, report: &mut Report) -> Vec<String> {
    let mut names = Vec::with_capacity(modules.len());
    for (module, arena) in modules {
        let format = match project.format(module) {
            Ok(format) => format,
            Err(error) => {
                if module.kind.typed {
                    report.add(module.path, module.text, &error);
                }
                module.kind.fixed.unwrap_or(Format::CommonJs)
            }
        };
        names.push(project.place(module, format));
        if module.kind.typed
            && let Err(errors) = module.transform(arena, format)
        {
            errors
                .iter()
                .for_each(|error| report.add(module.path, module.text, error));
        }
    }
    names
}
