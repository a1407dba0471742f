//! C, C++, Rust and Go.

use super::super::grammar::Table;
use super::super::role::Role;

const CONDITION: &str = "condition";
const BODY: &str = "body";

const IF: Role = Role::If {
    condition: CONDITION,
    then: "consequence",
    otherwise: "alternative",
};
const WHILE: Role = Role::While {
    condition: CONDITION,
    body: BODY,
};
const FOR: Role = Role::For {
    condition: CONDITION,
    body: BODY,
};
const CALL: Role = Role::Call {
    function: "function",
    arguments: "arguments",
};
const BINARY: Role = Role::Binary {
    left: "left",
    operator: "operator",
    right: "right",
};
const ASSIGN: Role = Role::Assign {
    left: "left",
    right: "right",
};
const FIELD: Role = Role::Field {
    object: "argument",
    name: "field",
};
const FUNCTION: Role = Role::Function {
    name: "name",
    parameters: "parameters",
    body: BODY,
};
const C_FUNCTION: Role = Role::Function {
    name: "declarator",
    parameters: "parameters",
    body: BODY,
};
const C_TYPES: &str = "comment primitive_type type_identifier sized_type_specifier type_qualifier storage_class_specifier \
    type_descriptor preproc_def preproc_function_def preproc_call preproc_directive pointer_declarator array_declarator \
    function_declarator reference_declarator parenthesized_declarator sizeof_expression alignof_expression \
    attribute_specifier attribute_declaration ms_call_modifier enum_specifier type_definition goto_statement";
const C_STATEMENTS: &str = "compound_statement else_clause try_statement seh_try_statement labeled_statement";

pub(super) const C: Table = Table {
    roles: &[
        (C_TYPES, Role::Skip),
        (C_STATEMENTS, Role::Block),
        (
            "declaration preproc_if preproc_ifdef preproc_else preproc_elif preproc_elifdef linkage_specification declaration_list struct_specifier union_specifier",
            Role::Class,
        ),
        (
            "parenthesized_expression expression_statement pointer_expression cast_expression extension_expression",
            Role::Last,
        ),
        ("case_statement", Role::Maybe),
        ("string_literal char_literal", Role::Text),
        ("string_content character", Role::Content),
        ("escape_sequence", Role::Escape),
        ("concatenated_string", Role::Concat),
        ("number_literal", Role::Number),
        ("true", Role::True),
        ("false", Role::False),
        ("null", Role::Null),
        ("identifier", Role::Name),
        ("field_expression", FIELD),
        (
            "subscript_expression",
            Role::Index {
                object: "argument",
                index: "index",
            },
        ),
        ("call_expression", CALL),
        ("gnu_asm_expression", Role::Keyword("asm")),
        ("binary_expression", BINARY),
        ("assignment_expression", ASSIGN),
        (
            "init_declarator",
            Role::Declare {
                name: "declarator",
                value: "value",
            },
        ),
        ("initializer_list", Role::List),
        ("function_definition", C_FUNCTION),
        (
            "preproc_include",
            Role::Import {
                path: "path",
                alias: "",
            },
        ),
        ("if_statement", IF),
        ("while_statement do_statement", WHILE),
        ("for_statement", FOR),
        ("return_statement", Role::Return),
        ("break_statement", Role::Break),
        ("continue_statement", Role::Continue),
    ],
    joins: &[],
    main: Some("main"),
    dropped: "\0",
    bare_calls: false,
};

pub(super) const CPP: Table = Table {
    roles: &[
        (C_TYPES, Role::Skip),
        (
            "using_declaration alias_declaration template_parameter_list access_specifier base_class_clause raw_string_delimiter placeholder_type_specifier static_assert_declaration friend_declaration field_declaration trailing_return_type virtual_specifier",
            Role::Skip,
        ),
        (C_STATEMENTS, Role::Block),
        (
            "declaration preproc_if preproc_ifdef preproc_else preproc_elif preproc_elifdef linkage_specification declaration_list struct_specifier union_specifier class_specifier field_declaration_list namespace_definition template_declaration",
            Role::Class,
        ),
        (
            "parenthesized_expression expression_statement pointer_expression cast_expression condition_clause throw_statement co_await_expression co_return_statement",
            Role::Last,
        ),
        ("case_statement catch_clause", Role::Maybe),
        ("string_literal char_literal raw_string_literal", Role::Text),
        ("string_content character raw_string_content", Role::Content),
        ("escape_sequence", Role::Escape),
        ("concatenated_string", Role::Concat),
        ("number_literal", Role::Number),
        ("true", Role::True),
        ("false", Role::False),
        ("null", Role::Null),
        (
            "identifier this namespace_identifier field_identifier",
            Role::Name,
        ),
        ("qualified_identifier template_function", Role::Path),
        ("field_expression", FIELD),
        (
            "subscript_expression",
            Role::Index {
                object: "argument",
                index: "indices",
            },
        ),
        ("call_expression", CALL),
        (
            "new_expression",
            Role::New {
                class: "type",
                arguments: "arguments",
            },
        ),
        ("gnu_asm_expression", Role::Keyword("asm")),
        ("binary_expression", BINARY),
        ("assignment_expression", ASSIGN),
        (
            "init_declarator",
            Role::Declare {
                name: "declarator",
                value: "value",
            },
        ),
        ("initializer_list", Role::List),
        ("function_definition", C_FUNCTION),
        ("lambda_expression", C_FUNCTION),
        (
            "preproc_include",
            Role::Import {
                path: "path",
                alias: "",
            },
        ),
        ("if_statement", IF),
        ("while_statement do_statement", WHILE),
        ("for_statement", FOR),
        (
            "for_range_loop",
            Role::Foreach {
                variable: "declarator",
                iterable: "right",
                body: BODY,
            },
        ),
        ("return_statement", Role::Return),
        ("break_statement", Role::Break),
        ("continue_statement", Role::Continue),
    ],
    joins: &[],
    main: Some("main"),
    dropped: "std.",
    bare_calls: false,
};

pub(super) const RUST: Table = Table {
    roles: &[
        (
            "line_comment block_comment attribute_item inner_attribute_item visibility_modifier type_identifier primitive_type generic_type reference_type scoped_type_identifier type_parameters type_arguments where_clause struct_item enum_item union_item type_item macro_definition mutable_specifier self_parameter label lifetime function_signature_item",
            Role::Skip,
        ),
        (
            "block unsafe_block async_block else_clause try_block const_block",
            Role::Block,
        ),
        (
            "impl_item mod_item trait_item declaration_list foreign_mod_item",
            Role::Class,
        ),
        (
            "parenthesized_expression expression_statement reference_expression try_expression await_expression yield_expression",
            Role::Last,
        ),
        ("match_arm", Role::Maybe),
        ("string_literal raw_string_literal char_literal", Role::Text),
        ("string_content", Role::Content),
        ("escape_sequence", Role::Escape),
        ("integer_literal float_literal", Role::Number),
        ("identifier self super crate", Role::Name),
        ("scoped_identifier generic_function", Role::Path),
        (
            "field_expression",
            Role::Field {
                object: "value",
                name: "field",
            },
        ),
        (
            "index_expression",
            Role::Index {
                object: "",
                index: "",
            },
        ),
        ("call_expression", CALL),
        ("macro_invocation", Role::Macro),
        ("binary_expression", BINARY),
        ("assignment_expression compound_assignment_expr", ASSIGN),
        (
            "let_declaration",
            Role::Declare {
                name: "pattern",
                value: "value",
            },
        ),
        (
            "const_item static_item",
            Role::Declare {
                name: "name",
                value: "value",
            },
        ),
        ("array_expression tuple_expression", Role::List),
        ("function_item", FUNCTION),
        (
            "closure_expression",
            Role::Function {
                name: "",
                parameters: "parameters",
                body: BODY,
            },
        ),
        (
            "use_declaration",
            Role::Import {
                path: "argument",
                alias: "",
            },
        ),
        (
            "extern_crate_declaration",
            Role::Import {
                path: "name",
                alias: "alias",
            },
        ),
        ("if_expression", IF),
        ("while_expression", WHILE),
        (
            "loop_expression",
            Role::While {
                condition: "",
                body: BODY,
            },
        ),
        (
            "for_expression",
            Role::Foreach {
                variable: "pattern",
                iterable: "value",
                body: BODY,
            },
        ),
        ("return_expression", Role::Return),
        ("break_expression", Role::Break),
        ("continue_expression", Role::Continue),
    ],
    joins: &[],
    main: Some("main"),
    dropped: "\0",
    bare_calls: false,
};

pub(super) const GO: Table = Table {
    roles: &[
        (
            "comment package_clause type_declaration type_identifier slice_type map_type pointer_type array_type channel_type function_type struct_type interface_type qualified_type generic_type type_arguments label_name goto_statement",
            Role::Skip,
        ),
        ("block statement_list labeled_statement", Role::Block),
        ("var_declaration const_declaration var_spec_list", Role::Class),
        (
            "parenthesized_expression expression_statement unary_expression go_statement defer_statement composite_literal literal_element type_conversion_expression variadic_argument send_statement",
            Role::Last,
        ),
        (
            "expression_case default_case type_case communication_case",
            Role::Maybe,
        ),
        (
            "interpreted_string_literal raw_string_literal rune_literal",
            Role::Text,
        ),
        (
            "interpreted_string_literal_content raw_string_literal_content",
            Role::Content,
        ),
        ("escape_sequence", Role::Escape),
        ("int_literal float_literal", Role::Number),
        ("true", Role::True),
        ("false", Role::False),
        ("nil", Role::Null),
        ("identifier package_identifier blank_identifier", Role::Name),
        (
            "selector_expression",
            Role::Field {
                object: "operand",
                name: "field",
            },
        ),
        (
            "index_expression",
            Role::Index {
                object: "operand",
                index: "index",
            },
        ),
        (
            "slice_expression",
            Role::Index {
                object: "operand",
                index: "start",
            },
        ),
        ("call_expression", CALL),
        ("binary_expression", BINARY),
        (
            "assignment_statement short_var_declaration range_clause receive_statement",
            ASSIGN,
        ),
        (
            "var_spec const_spec",
            Role::Declare {
                name: "name",
                value: "value",
            },
        ),
        ("expression_list", Role::Tuple),
        ("literal_value", Role::List),
        ("function_declaration method_declaration", FUNCTION),
        (
            "func_literal",
            Role::Function {
                name: "",
                parameters: "parameters",
                body: BODY,
            },
        ),
        (
            "import_declaration import_spec_list",
            Role::Import { path: "", alias: "" },
        ),
        (
            "import_spec",
            Role::Import {
                path: "path",
                alias: "name",
            },
        ),
        ("if_statement", IF),
        ("for_statement", FOR),
        ("return_statement", Role::Return),
        ("break_statement", Role::Break),
        ("continue_statement", Role::Continue),
    ],
    joins: &[],
    main: Some("main"),
    dropped: "\0",
    bare_calls: false,
};
