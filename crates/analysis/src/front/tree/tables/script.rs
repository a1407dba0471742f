//! Perl, Lua and R.

use super::super::grammar::Table;
use super::super::role::Role;

const CONDITION: &str = "condition";
const BODY: &str = "body";
const BLOCK: &str = "block";

const IF: Role = Role::If {
    condition: CONDITION,
    then: "consequence",
    otherwise: "alternative",
};
const WHILE: Role = Role::While {
    condition: CONDITION,
    body: BODY,
};
const BINARY: Role = Role::Binary {
    left: "left",
    operator: "operator",
    right: "right",
};
const CALL: Role = Role::Call {
    function: "function",
    arguments: "arguments",
};

pub(super) const PERL: Table = Table {
    roles: &[
        (
            "comment pod package_statement use_version_statement heredoc_token command_heredoc_token heredoc_end prototype signature attrlist data_section eof_marker label",
            Role::Skip,
        ),
        (
            "block block_statement do_expression defer_statement phaser_statement",
            Role::Block,
        ),
        (
            "parenthesized_expression expression_statement variable_declaration localization_expression refgen_expression indirect_object",
            Role::Last,
        ),
        (
            "conditional_statement else elsif postfix_conditional_expression postfix_for_expression try_statement",
            Role::Maybe,
        ),
        (
            "interpolated_string_literal string_literal heredoc_content quoted_word_list autoquoted_bareword match_regexp",
            Role::Text,
        ),
        ("string_content", Role::Content),
        ("escape_sequence escaped_delimiter", Role::Escape),
        ("number", Role::Number),
        (
            "scalar array hash container_variable keyval_container_variable slice_container_variable glob",
            Role::Name,
        ),
        ("bareword package", Role::Path),
        (
            "array_element_expression",
            Role::Index {
                object: "array",
                index: "index",
            },
        ),
        (
            "hash_element_expression",
            Role::Index {
                object: "hash",
                index: "key",
            },
        ),
        (
            "function_call_expression ambiguous_function_call_expression",
            CALL,
        ),
        (
            "func0op_call_expression func1op_call_expression",
            Role::Call {
                function: "function",
                arguments: "",
            },
        ),
        (
            "method_call_expression",
            Role::Method {
                object: "invocant",
                name: "method",
                arguments: "arguments",
            },
        ),
        ("eval_expression", Role::Keyword("eval")),
        ("command_string", Role::Command("system")),
        (
            "binary_expression equality_expression relational_expression lowprec_logical_expression",
            BINARY,
        ),
        (
            "assignment_expression",
            Role::Assign {
                left: "left",
                right: "right",
            },
        ),
        ("list_expression anonymous_array_expression", Role::List),
        (
            "subroutine_declaration_statement method_declaration_statement",
            Role::Function {
                name: "name",
                parameters: "",
                body: BODY,
            },
        ),
        (
            "anonymous_subroutine_expression",
            Role::Function {
                name: "",
                parameters: "",
                body: BODY,
            },
        ),
        (
            "use_statement",
            Role::Import {
                path: "module",
                alias: "",
            },
        ),
        ("require_expression", Role::Import { path: "", alias: "" }),
        (
            "loop_statement",
            Role::While {
                condition: CONDITION,
                body: BLOCK,
            },
        ),
        (
            "postfix_loop_expression",
            Role::While {
                condition: CONDITION,
                body: "",
            },
        ),
        (
            "cstyle_for_statement",
            Role::For {
                condition: CONDITION,
                body: BLOCK,
            },
        ),
        (
            "for_statement",
            Role::Foreach {
                variable: "variable",
                iterable: "list",
                body: BLOCK,
            },
        ),
        ("return_expression", Role::Return),
    ],
    joins: &[".", ".="],
    main: None,
    dropped: "\0",
    bare_calls: false,
};

pub(super) const LUA: Table = Table {
    roles: &[
        (
            "comment hash_bang_line empty_statement label_statement goto_statement",
            Role::Skip,
        ),
        (
            "block do_statement else_statement variable_declaration",
            Role::Block,
        ),
        ("parenthesized_expression", Role::Last),
        ("string", Role::Text),
        ("string_content", Role::Content),
        ("escape_sequence", Role::Escape),
        ("number", Role::Number),
        ("true", Role::True),
        ("false", Role::False),
        ("nil", Role::Null),
        ("identifier", Role::Name),
        (
            "dot_index_expression",
            Role::Field {
                object: "table",
                name: "field",
            },
        ),
        (
            "method_index_expression",
            Role::Field {
                object: "table",
                name: "method",
            },
        ),
        (
            "bracket_index_expression",
            Role::Index {
                object: "table",
                index: "field",
            },
        ),
        (
            "function_call",
            Role::Call {
                function: "name",
                arguments: "arguments",
            },
        ),
        (
            "field",
            Role::Argument {
                name: "name",
                value: "value",
            },
        ),
        ("binary_expression", BINARY),
        ("assignment_statement", Role::Assign { left: "", right: "" }),
        ("variable_list expression_list", Role::Tuple),
        ("table_constructor", Role::List),
        (
            "function_declaration",
            Role::Function {
                name: "name",
                parameters: "parameters",
                body: BODY,
            },
        ),
        (
            "function_definition",
            Role::Function {
                name: "",
                parameters: "parameters",
                body: BODY,
            },
        ),
        ("if_statement elseif_statement", IF),
        ("while_statement repeat_statement", WHILE),
        (
            "for_statement",
            Role::For {
                condition: "clause",
                body: BODY,
            },
        ),
        ("return_statement", Role::Return),
        ("break_statement", Role::Break),
    ],
    joins: &[".."],
    main: None,
    dropped: "\0",
    bare_calls: false,
};

pub(super) const R: Table = Table {
    roles: &[
        ("comment comma string_open string_close", Role::Skip),
        ("braced_expression", Role::Block),
        ("parenthesized_expression", Role::Last),
        ("string", Role::Text),
        ("string_content", Role::Content),
        ("escape_sequence", Role::Escape),
        ("integer float", Role::Number),
        ("true", Role::True),
        ("false", Role::False),
        ("null na", Role::Null),
        ("identifier", Role::Name),
        ("namespace_operator", Role::Path),
        (
            "extract_operator",
            Role::Field {
                object: "lhs",
                name: "rhs",
            },
        ),
        (
            "subset subset2",
            Role::Index {
                object: "function",
                index: "arguments",
            },
        ),
        ("call", CALL),
        (
            "argument",
            Role::Argument {
                name: "name",
                value: "value",
            },
        ),
        (
            "binary_operator",
            Role::Binary {
                left: "lhs",
                operator: "operator",
                right: "rhs",
            },
        ),
        (
            "function_definition",
            Role::Function {
                name: "",
                parameters: "parameters",
                body: BODY,
            },
        ),
        ("if_statement", IF),
        ("while_statement", WHILE),
        (
            "repeat_statement",
            Role::While {
                condition: "",
                body: BODY,
            },
        ),
        (
            "for_statement",
            Role::Foreach {
                variable: "variable",
                iterable: "sequence",
                body: BODY,
            },
        ),
        ("break", Role::Break),
        ("next", Role::Continue),
    ],
    joins: &[],
    main: None,
    dropped: "base.",
    bare_calls: false,
};
