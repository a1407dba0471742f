//! Source in; findings, taint flows and a risk out. A program is read here and never run.
//!
//! The way of a submission: a front end lowers each file to the intermediate form ([`ir`]); the machine runs that form on
//! values of which it knows much or little, and tells facts ([`fact`]) and taint flows; rules turn facts into findings; the
//! risk is a small model over the findings.
//!
//! The sources are hostile: parsers of them overflow stacks and run out of memory. Nothing may call [`analyze`] but a
//! worker process behind walls of its own (`casemate analyze` and the service start one). Pure: no I/O, and
//! no clock but the one that bounds the parsers of tree-sitter.

mod analyze;
pub mod codec;
pub mod decode;
pub mod fact;
pub mod front;
pub mod ir;
pub mod machine;
mod notebook;
mod report;
pub mod risk;
pub mod rules;
mod submission;
pub mod taint;

pub use analyze::{analyze, analyze_by, features_of};
pub use report::Report;
pub use submission::{Bounds, SourceFile, Submission};
