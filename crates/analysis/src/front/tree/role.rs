//! What a node of a grammar means.

/// The role of a kind of node. The texts name fields of the node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// Nothing to us: comments, types.
    Skip,
    /// Parts in order; as a value the last one's.
    Block,
    /// What stands for its last part: parentheses, statements of one expression.
    Last,
    /// Parts of which it is not known whether they are reached.
    Maybe,
    /// Text with its marks, and what is put into it.
    Text,
    /// Text inside the marks.
    Content,
    /// An escape in a text.
    Escape,
    Number,
    True,
    False,
    Null,
    /// A name.
    Name,
    /// Names joined by marks: `std::process::Command`.
    Path,
    /// `object.name`.
    Field {
        object: &'static str,
        name: &'static str,
    },
    /// `object[index]`; without a field's name the second part.
    Index {
        object: &'static str,
        index: &'static str,
    },
    /// `function(arguments)`.
    Call {
        function: &'static str,
        arguments: &'static str,
    },
    /// `object.name(arguments)`; without an object a call of the name.
    Method {
        object: &'static str,
        name: &'static str,
        arguments: &'static str,
    },
    /// `new class(arguments)`; without a field's name the first part is the class.
    New {
        class: &'static str,
        arguments: &'static str,
    },
    /// A macro of Rust.
    Macro,
    /// A call of a function whose name is a keyword, with the parts as arguments.
    Keyword(&'static str),
    /// Text that is run as a command, by the function of that name.
    Command(&'static str),
    /// An argument, maybe with a name.
    Argument {
        name: &'static str,
        value: &'static str,
    },
    /// Two operands.
    Binary {
        left: &'static str,
        operator: &'static str,
        right: &'static str,
    },
    /// A text of parts that stand side by side.
    Concat,
    /// `left = right`.
    Assign {
        left: &'static str,
        right: &'static str,
    },
    /// A variable is made, maybe with a value.
    Declare {
        name: &'static str,
        value: &'static str,
    },
    /// A function, or one without a name.
    Function {
        name: &'static str,
        parameters: &'static str,
        body: &'static str,
    },
    /// A class or module: what is inside is walked.
    Class,
    /// An import of what a field names.
    Import {
        path: &'static str,
        alias: &'static str,
    },
    If {
        condition: &'static str,
        then: &'static str,
        otherwise: &'static str,
    },
    While {
        condition: &'static str,
        body: &'static str,
    },
    /// A loop with a test in the middle: `for (a; b; c)`. Without a test it is endless.
    For {
        condition: &'static str,
        body: &'static str,
    },
    Foreach {
        variable: &'static str,
        iterable: &'static str,
        body: &'static str,
    },
    Return,
    Break,
    Continue,
    List,
    /// Several values or targets of one assignment.
    Tuple,
    /// Not in any table: the parts are walked.
    Other,
}
