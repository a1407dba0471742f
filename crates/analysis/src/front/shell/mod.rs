//! Shell scripts, as Bash reads them.
//!
//! What a command is called is a global `sh:` and its name without its folder; its words are arguments, and what flows in is
//! the argument named `stdin`. The value of a call is what the command prints, without the last end of line. A variable that
//! the script never assigns is the global `sh:` and its name. What no command of the machine is called has names of its own:
//!
//! | Call | Arguments | What it is |
//! |---|---|---|
//! | `sh:>`, `sh:>>` | path, what is written | output into a file |
//! | `sh:<`, `sh:<>` | path | what a file holds |
//! | `sh:/dev/tcp` | path, what is sent | a connection that the shell itself opens |
//! | `sh:$` | words | a command whose name is computed; the first word may be several |
//! | `sh:test` | words | `[ ... ]`, `[[ ... ]]` |
//! | `sh:split` | text | the words of a text |
//! | `sh:join` | list | the items with blanks between |
//! | `sh:case` | text, pattern | whether a pattern of file names fits |
//! | `sh:xargs` | options, `stdin` | a line that becomes arguments of the command after it |
//! | `sh:${#}` | value | its length |
//! | `sh:${!}` | name | the variable of a name |
//! | `sh:${x#p}` and so on | value, pattern, replacement | the other expansions, by the operator |
//!
//! A command that runs another (`sudo`, `env`, `timeout`, ...) is a call with its own options, followed by a call of the other.

mod lower;
mod parse;
mod syntax;

#[cfg(test)]
mod tests;

use crate::ir::{FileId, Program};

/// Lowers a file.
pub(crate) fn lower(program: &mut Program, file: FileId) {
    let Some(entry) = program.files.get_mut(usize::from(file.0)) else {
        return;
    };
    let text = std::mem::take(&mut entry.text);
    let script = parse::script(&text);
    entry.text = text;
    lower::program(program, file, script);
}
