//! Facts: what the machine saw a program do, in the words in which rules ask. Rules, features and reports read facts
//! and never the intermediate form.

use crate::ir::{FuncId, Span};
use std::rc::Rc;

/// One thing that the program does, or may do.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What.
    pub kind: FactKind,
    /// Where.
    pub span: Span,
    /// In which function.
    pub function: FuncId,
    /// When it is reached.
    pub reach: Reach,
}

/// When a place is reached.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reach {
    /// Whenever the program starts.
    Start,
    /// When something calls it.
    Call,
    /// Never, as far as constants tell.
    Dead,
}

/// What a fact is about. A path is dotted from the module that really holds the thing (`subprocess.Popen`, also where the
/// source says `sp.Popen` or `getattr(__import__("subprocess"), "Po" + "pen")`); `()` stands for the result of a call
/// (`socket.socket().connect`), `[]` for an item, `?` for a value that is not known (`?.decode`). A command of a shell
/// is `sh:` and its name (`sh:curl`), an instance of a class of the program `self:` and the class's name.
#[derive(Clone, Debug)]
pub enum FactKind {
    /// A module is imported.
    Import {
        /// Its path.
        module: Rc<str>,
    },
    /// A call.
    Call {
        /// What is called.
        path: Rc<str>,
        /// The arguments in order, with the receiver of a method first under the name `self`.
        arguments: Vec<FactArgument>,
    },
    /// A field or global of a known path is read (`os.environ`, `process.env.TOKEN`).
    Read {
        /// The path.
        path: Rc<str>,
    },
    /// A field or global of a known path is assigned (`builtins.open`, `sh:PATH`).
    Write {
        /// The path.
        path: Rc<str>,
        /// What is assigned.
        value: FactArgument,
    },
    /// A text of at least three characters: in the source, put together, or decoded.
    Text {
        /// The text; at most 64 KiB.
        text: Rc<str>,
        /// Where it is from.
        origin: Origin,
    },
    /// Code inside code was found and is analysed as a file of its own.
    Inner {
        /// What would run it (`eval`, `sh:bash`).
        path: Rc<str>,
        /// Its file.
        file: crate::ir::FileId,
    },
    /// A loop that nothing known ends.
    EndlessLoop,
    /// Something could not be read: a syntax error, a bomb, a depth.
    Unreadable {
        /// Such as `syntax_error`, `decompression_bomb`, `too_deep`.
        what: &'static str,
    },
}

/// Where a text is from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Origin {
    /// It stands in the source.
    Literal,
    /// It was put together from parts.
    Built,
    /// It was hidden behind so many decodings (base64, hex, zlib, chr, XOR, reversing, ...).
    Decoded(u8),
}

/// What is known of a value that is given to something.
#[derive(Clone, Default, Debug)]
pub struct FactArgument {
    /// The name under which it is given; none for a place.
    pub name: Option<Rc<str>>,
    /// Its text when it is constant. A part that is not known is `\u{FFFC}`.
    pub text: Option<Rc<str>>,
    /// Its number or truth value when it is constant.
    pub number: Option<f64>,
    /// The items, when it is a list of which some are constant texts, at most 32.
    pub items: Vec<Rc<str>>,
    /// The path of what it is, or of what it came from (`requests.get().text`), at most 8.
    pub paths: Vec<Rc<str>>,
    /// The ids of the sources that reach it, by which an outsider or a secret chooses it.
    pub taints: Vec<&'static str>,
    /// How deep it had been hidden.
    pub hidden: u8,
}
