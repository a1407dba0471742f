//! The syntax of a shell script as a tree, quotes already removed. Made by `parse`, read by `lower`.

use rustc_hash::FxHashSet;

/// A range of bytes of the file.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Place {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A word: parts without space between them.
#[derive(Clone, Default, Debug)]
pub(super) struct Word {
    pub(super) parts: Vec<Part>,
    pub(super) place: Place,
}

impl Word {
    /// The text, when no part of it is computed.
    pub(super) fn text(&self) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal, _) => text.push_str(literal),
                _ => return None,
            }
        }
        Some(text)
    }

    /// The text before the first part that is computed.
    pub(super) fn prefix(&self) -> &str {
        match self.parts.first() {
            Some(Part::Literal(text, _)) => text,
            _ => "",
        }
    }

    /// The text of a word without any quotes, as keywords are.
    pub(super) fn bare(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Literal(text, Quote::None)] => Some(text),
            _ => None,
        }
    }
}

/// Whether a part stands between quotes, where it is neither split nor expanded to file names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Quote {
    None,
    Quoted,
}

/// A part of a word.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Literal(String, Quote),
    /// `$x`, `${...}`.
    Expansion(Box<Expansion>, Quote),
    /// `$(...)`, backticks.
    Command(Box<List>, Quote),
    /// `<(...)`, and `>(...)` with true.
    Process(Box<List>, bool),
    /// `$((...))`.
    Arithmetic(Box<Arith>),
}

/// An expansion of a parameter.
#[derive(Clone, Debug)]
pub(super) struct Expansion {
    pub(super) name: String,
    pub(super) index: Option<Index>,
    pub(super) op: ExpansionOp,
}

/// What stands between the brackets of an array.
#[derive(Clone, Debug)]
pub(super) enum Index {
    /// `@` or `*`.
    All,
    One(Word),
}

/// What an expansion does to the value.
#[derive(Clone, Debug)]
pub(super) enum ExpansionOp {
    None,
    Length,
    Indirect,
    /// `-`, `=`, `+`, `?`, with or without a colon.
    Default(char, Word),
    Slice(Arith, Option<Arith>),
    /// `#`, `##`, `%`, `%%`.
    Trim(&'static str, Word),
    /// `/`, `//`, `/#`, `/%`.
    Replace(&'static str, Word, Word),
    /// `^`, `^^`, `,`, `,,`, `@Q` and the like.
    Change(&'static str),
}

/// An arithmetic expression.
#[derive(Clone, Debug)]
pub(super) enum Arith {
    Number(i64),
    Name(String, Option<Box<Arith>>),
    Word(Word),
    Unary(&'static str, Box<Arith>),
    Binary(&'static str, Box<Arith>, Box<Arith>),
    /// The operator is what stands before `=`.
    Assign(String, Option<Box<Arith>>, &'static str, Box<Arith>),
    Ternary(Box<Arith>, Box<Arith>, Box<Arith>),
    /// What is not understood.
    Unknown,
}

/// Commands in order.
pub(super) type List = Vec<AndOr>;

/// Pipelines with `&&` and `||` between them.
#[derive(Clone, Debug)]
pub(super) struct AndOr {
    pub(super) first: Pipeline,
    pub(super) rest: Vec<(Junction, Pipeline)>,
}

/// What stands between two pipelines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Junction {
    And,
    Or,
}

/// Commands whose outputs flow into the next.
#[derive(Clone, Debug)]
pub(super) struct Pipeline {
    pub(super) negated: bool,
    pub(super) nodes: Vec<Node>,
}

/// A command with its redirections.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) command: Command,
    pub(super) redirects: Vec<Redirect>,
    pub(super) place: Place,
}

/// A command.
#[derive(Clone, Debug)]
pub(super) enum Command {
    Simple(Vec<Assignment>, Vec<Word>),
    /// `export`, `local` and the like: the name, flags and bare names; then what is assigned.
    Declare(Vec<Word>, Vec<Assignment>),
    /// `{ ...; }` and `( ... )`.
    Group(List),
    If(Vec<(List, List)>, List),
    /// With true it is `until`.
    While(bool, List, List),
    /// Without words it goes through the arguments.
    For(String, Option<Vec<Word>>, List),
    ForArith([Option<Arith>; 3], List),
    Case(Word, Vec<CaseItem>),
    Function(String, Box<Node>),
    Arith(Arith),
    Test(Test),
}

/// An item of a `case`.
#[derive(Clone, Debug)]
pub(super) struct CaseItem {
    pub(super) patterns: Vec<Word>,
    pub(super) body: List,
}

/// A condition of `[[ ]]`.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Word(Word),
    Unary(String, Word),
    Binary(Word, String, Word),
    Not(Box<Test>),
    Both(Junction, Box<Test>, Box<Test>),
}

/// `name=value`.
#[derive(Clone, Debug)]
pub(super) struct Assignment {
    pub(super) name: String,
    pub(super) index: Option<Word>,
    pub(super) append: bool,
    pub(super) value: Value,
    pub(super) place: Place,
}

/// What is assigned.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Word(Word),
    Array(Vec<(Option<Word>, Word)>),
}

/// Which names a script uses how; made by the parser on the way.
#[derive(Default, Debug)]
pub(super) struct Uses {
    /// Assigned somewhere.
    pub(super) assigned: FxHashSet<String>,
    /// Calculated with.
    pub(super) numeric: FxHashSet<String>,
    /// `declare -A`.
    pub(super) maps: FxHashSet<String>,
    /// Defined as functions.
    pub(super) functions: FxHashSet<String>,
}

/// A redirection.
#[derive(Clone, Debug)]
pub(super) struct Redirect {
    /// The file descriptor; none is the operator's own.
    pub(super) descriptor: Option<u32>,
    pub(super) op: RedirectOp,
    pub(super) target: Target,
    pub(super) place: Place,
}

/// What a redirection does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RedirectOp {
    /// `<`.
    Read,
    /// `>`, `>|`.
    Write,
    /// `>>`.
    Append,
    /// `<>`.
    Both,
    /// `&>`, `>&` with a file, `&>>`.
    WriteAll,
    /// `<&`.
    DuplicateIn,
    /// `>&` with a number.
    DuplicateOut,
    /// `<<`, `<<<`.
    Text,
}

/// Where a redirection goes.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Word(Word),
    /// The number of a here-document of the parser.
    Document(usize),
}
