//! Programs: files, functions, classes, variables, and the arena of expressions.

use super::expr::{Expr, ExprId, ExprKind};
use super::name::{Names, Symbol};
use super::statement::{Block, Pattern};

/// A language with a front end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "each is the language of that name")]
pub enum Language {
    Python,
    JavaScript,
    TypeScript,
    Bash,
    C,
    Cpp,
    Rust,
    Go,
    Java,
    Ruby,
    Php,
    Perl,
    Lua,
    R,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 14] = [
        Self::Python,
        Self::JavaScript,
        Self::TypeScript,
        Self::Bash,
        Self::C,
        Self::Cpp,
        Self::Rust,
        Self::Go,
        Self::Java,
        Self::Ruby,
        Self::Php,
        Self::Perl,
        Self::Lua,
        Self::R,
    ];

    /// The name in `GET /v1/languages` and in rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::Bash => "bash",
            Self::C => "c",
            Self::Cpp => "cpp",
            Self::Rust => "rust",
            Self::Go => "go",
            Self::Java => "java",
            Self::Ruby => "ruby",
            Self::Php => "php",
            Self::Perl => "perl",
            Self::Lua => "lua",
            Self::R => "r",
        }
    }

    /// Reads the name of requests and rules.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.as_str() == word)
    }
}

/// A file's number, or that of a piece of code found inside another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(pub u16);

/// A function's number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FuncId(pub u32);

/// A class's number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClassId(pub u32);

/// A variable's number, in the whole program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct VarId(pub u32);

/// A range of bytes of one file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
}

/// A file, or a piece of code that was found inside another.
#[derive(Debug)]
pub struct File {
    /// Its path in the submission.
    pub path: String,
    /// Its language.
    pub language: Language,
    /// Its text.
    pub text: String,
    /// Its top level, once lowered.
    pub module: Option<FuncId>,
    /// Where it was found, when it was code inside code.
    pub inside: Option<Span>,
    /// How many decodings and quotations lie between it and what was submitted.
    pub depth: u8,
    /// Whether the parser complained.
    pub broken: bool,
    /// What the front end could not read or had to translate: `syntax_error`, `python2`, `too_deep`.
    pub unreadable: Vec<(&'static str, Span)>,
}

impl File {
    /// A file that nobody has read yet.
    pub fn new(path: String, language: Language, text: String) -> Self {
        Self {
            path,
            language,
            text,
            module: None,
            inside: None,
            depth: 0,
            broken: false,
            unreadable: Vec::new(),
        }
    }
}

/// What a function is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FunctionKind {
    /// The top level of a file.
    Module,
    /// A function, method, lambda, arrow.
    Function,
    /// A class body: its variables become the class's attributes when it ends.
    ClassBody,
}

/// How an argument reaches a parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParamKind {
    /// By place or by name.
    Normal,
    /// By name alone.
    NamedOnly,
    /// Takes the places that are left: `*args`, `...rest`.
    Rest,
    /// Takes the names that are left: `**kwargs`.
    NamedRest,
}

/// A parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name, by which arguments find it.
    pub name: Symbol,
    /// What the argument is bound to; a variable, but for JavaScript's patterns.
    pub pattern: Pattern,
    /// What stands for a missing argument, evaluated in the function's scope.
    pub default: Option<ExprId>,
    /// How arguments reach it.
    pub kind: ParamKind,
}

/// A function, a class body or a file's top level.
#[derive(Debug)]
pub struct Function {
    /// Its name; empty for a lambda.
    pub name: Symbol,
    /// What it is.
    pub kind: FunctionKind,
    /// Where it stands.
    pub span: Span,
    /// The function around it.
    pub parent: Option<FuncId>,
    /// The class whose method it is.
    pub class: Option<ClassId>,
    /// The parameters in order. `self` is one of them; JavaScript's `this` is not.
    pub params: Vec<Param>,
    /// The variable that `this` means inside, in JavaScript; arrows use their parent's.
    pub this: Option<VarId>,
    /// What it does. A function whose body is an expression returns it.
    pub body: Block,
    /// `async`.
    pub is_async: bool,
    /// It yields.
    pub is_generator: bool,
}

/// A class.
#[derive(Debug)]
pub struct Class {
    /// Its name.
    pub name: Symbol,
    /// What it inherits from.
    pub bases: Vec<ExprId>,
    /// Its body, of the kind [`FunctionKind::ClassBody`].
    pub body: FuncId,
}

/// A variable.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: Symbol,
    /// The function whose frame holds it. Others reach it as a closure.
    pub owner: FuncId,
}

/// A program, lowered.
#[derive(Default, Debug)]
pub struct Program {
    /// Every name.
    pub names: Names,
    /// By [`FileId`]; the first is where the program starts.
    pub files: Vec<File>,
    /// By [`FuncId`].
    pub functions: Vec<Function>,
    /// By [`ClassId`].
    pub classes: Vec<Class>,
    /// By [`VarId`].
    pub variables: Vec<Variable>,
    /// By [`ExprId`].
    pub exprs: Vec<Expr>,
}

impl Program {
    /// Adds an expression.
    pub fn expr(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let id = ExprId(u32::try_from(self.exprs.len()).unwrap_or(u32::MAX));
        self.exprs.push(Expr { kind, span });
        id
    }

    /// Adds a variable.
    pub fn variable(&mut self, name: Symbol, owner: FuncId) -> VarId {
        let id = VarId(u32::try_from(self.variables.len()).unwrap_or(u32::MAX));
        self.variables.push(Variable { name, owner });
        id
    }

    /// Adds a function. Its body may come later.
    pub fn function(&mut self, function: Function) -> FuncId {
        let id = FuncId(u32::try_from(self.functions.len()).unwrap_or(u32::MAX));
        self.functions.push(function);
        id
    }

    /// Adds a class.
    pub fn class(&mut self, class: Class) -> ClassId {
        let id = ClassId(u32::try_from(self.classes.len()).unwrap_or(u32::MAX));
        self.classes.push(class);
        id
    }
}
