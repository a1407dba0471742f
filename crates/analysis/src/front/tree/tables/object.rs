//! Java, Ruby and PHP.

use super::super::grammar::Table;
use super::super::role::Role;

const CONDITION: &str = "condition";
const BODY: &str = "body";

const WHILE: Role = Role::While {
    condition: CONDITION,
    body: BODY,
};
const FOR: Role = Role::For {
    condition: CONDITION,
    body: BODY,
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
const FUNCTION: Role = Role::Function {
    name: "name",
    parameters: "parameters",
    body: BODY,
};
const LAMBDA: Role = Role::Function {
    name: "",
    parameters: "parameters",
    body: BODY,
};
const IF: Role = Role::If {
    condition: CONDITION,
    then: "consequence",
    otherwise: "alternative",
};

pub(super) const JAVA: Table = Table {
    roles: &[
        (
            "line_comment block_comment modifiers type_identifier integral_type floating_point_type boolean_type void_type array_type generic_type scoped_type_identifier type_parameters type_arguments throws superclass super_interfaces package_declaration annotation marker_annotation asterisk dimensions",
            Role::Skip,
        ),
        (
            "block constructor_body finally_clause try_statement try_with_resources_statement synchronized_statement static_initializer labeled_statement resource_specification",
            Role::Block,
        ),
        (
            "class_declaration class_body interface_declaration interface_body enum_declaration enum_body enum_body_declarations record_declaration field_declaration local_variable_declaration",
            Role::Class,
        ),
        (
            "parenthesized_expression expression_statement cast_expression array_creation_expression throw_statement yield_statement",
            Role::Last,
        ),
        (
            "switch_block_statement_group switch_rule catch_clause",
            Role::Maybe,
        ),
        ("string_literal character_literal", Role::Text),
        ("string_fragment multiline_string_fragment", Role::Content),
        ("escape_sequence", Role::Escape),
        (
            "decimal_integer_literal hex_integer_literal decimal_floating_point_literal",
            Role::Number,
        ),
        ("true", Role::True),
        ("false", Role::False),
        ("null_literal", Role::Null),
        ("identifier this super", Role::Name),
        ("scoped_identifier", Role::Path),
        (
            "field_access",
            Role::Field {
                object: "object",
                name: "field",
            },
        ),
        (
            "array_access",
            Role::Index {
                object: "array",
                index: "index",
            },
        ),
        (
            "method_invocation",
            Role::Method {
                object: "object",
                name: "name",
                arguments: "arguments",
            },
        ),
        (
            "object_creation_expression",
            Role::New {
                class: "type",
                arguments: "arguments",
            },
        ),
        ("binary_expression", BINARY),
        ("assignment_expression", ASSIGN),
        (
            "variable_declarator resource",
            Role::Declare {
                name: "name",
                value: "value",
            },
        ),
        ("array_initializer", Role::List),
        ("method_declaration constructor_declaration", FUNCTION),
        ("lambda_expression", LAMBDA),
        ("import_declaration", Role::Import { path: "", alias: "" }),
        ("if_statement", IF),
        ("while_statement do_statement", WHILE),
        ("for_statement", FOR),
        (
            "enhanced_for_statement",
            Role::Foreach {
                variable: "name",
                iterable: "value",
                body: BODY,
            },
        ),
        ("return_statement", Role::Return),
        ("break_statement", Role::Break),
        ("continue_statement", Role::Continue),
    ],
    joins: &[],
    main: Some("main"),
    dropped: "\0",
    bare_calls: false,
};

pub(super) const RUBY: Table = Table {
    roles: &[
        (
            "comment superclass heredoc_beginning heredoc_end uninterpreted exceptions",
            Role::Skip,
        ),
        (
            "then else begin ensure do begin_block end_block block_body parenthesized_statements",
            Role::Block,
        ),
        ("class module singleton_class body_statement", Role::Class),
        ("interpolation block_argument splat_argument", Role::Last),
        ("rescue when in_clause case_match rescue_modifier", Role::Maybe),
        (
            "string heredoc_body simple_symbol delimited_symbol bare_string character regex",
            Role::Text,
        ),
        ("string_content heredoc_content", Role::Content),
        ("escape_sequence", Role::Escape),
        ("chained_string", Role::Concat),
        ("integer float", Role::Number),
        ("true", Role::True),
        ("false", Role::False),
        ("nil", Role::Null),
        (
            "identifier constant global_variable instance_variable class_variable self super",
            Role::Name,
        ),
        ("scope_resolution", Role::Path),
        (
            "element_reference",
            Role::Index {
                object: "object",
                index: "",
            },
        ),
        (
            "call",
            Role::Method {
                object: "receiver",
                name: "method",
                arguments: "arguments",
            },
        ),
        ("subshell", Role::Command("system")),
        (
            "pair",
            Role::Argument {
                name: "key",
                value: "value",
            },
        ),
        ("binary", BINARY),
        ("assignment operator_assignment", ASSIGN),
        ("left_assignment_list right_assignment_list", Role::Tuple),
        ("array string_array", Role::List),
        ("method singleton_method", FUNCTION),
        ("lambda block do_block", LAMBDA),
        ("if elsif unless", IF),
        (
            "if_modifier unless_modifier",
            Role::If {
                condition: CONDITION,
                then: BODY,
                otherwise: "",
            },
        ),
        ("while until while_modifier until_modifier", WHILE),
        (
            "for",
            Role::Foreach {
                variable: "pattern",
                iterable: "value",
                body: BODY,
            },
        ),
        ("return", Role::Return),
        ("break", Role::Break),
        ("next redo", Role::Continue),
    ],
    joins: &[],
    main: None,
    dropped: "\0",
    bare_calls: true,
};

pub(super) const PHP: Table = Table {
    roles: &[
        (
            "comment php_tag php_end_tag text text_interpolation namespace_definition_name primitive_type named_type optional_type union_type visibility_modifier static_modifier heredoc_start heredoc_end cast_type base_clause class_interface_clause const_declaration global_declaration declare_statement anonymous_function_use_clause",
            Role::Skip,
        ),
        (
            "compound_statement else_clause finally_clause try_statement colon_block",
            Role::Block,
        ),
        (
            "class_declaration interface_declaration trait_declaration enum_declaration declaration_list namespace_definition property_declaration",
            Role::Class,
        ),
        (
            "parenthesized_expression expression_statement cast_expression error_suppression_expression throw_expression array_element_initializer variadic_unpacking clone_expression",
            Role::Last,
        ),
        (
            "case_statement default_statement catch_clause match_conditional_expression match_default_expression",
            Role::Maybe,
        ),
        ("string encapsed_string heredoc nowdoc", Role::Text),
        (
            "string_content heredoc_body nowdoc_body nowdoc_string",
            Role::Content,
        ),
        ("escape_sequence", Role::Escape),
        ("integer float", Role::Number),
        ("null", Role::Null),
        ("name variable_name relative_scope", Role::Name),
        ("qualified_name namespace_name", Role::Path),
        (
            "member_access_expression nullsafe_member_access_expression",
            Role::Field {
                object: "object",
                name: "name",
            },
        ),
        (
            "scoped_property_access_expression",
            Role::Field {
                object: "scope",
                name: "name",
            },
        ),
        (
            "subscript_expression",
            Role::Index {
                object: "",
                index: "",
            },
        ),
        (
            "function_call_expression",
            Role::Call {
                function: "function",
                arguments: "arguments",
            },
        ),
        (
            "member_call_expression nullsafe_member_call_expression",
            Role::Method {
                object: "object",
                name: "name",
                arguments: "arguments",
            },
        ),
        (
            "scoped_call_expression",
            Role::Method {
                object: "scope",
                name: "name",
                arguments: "arguments",
            },
        ),
        (
            "object_creation_expression",
            Role::New {
                class: "",
                arguments: "",
            },
        ),
        (
            "include_expression include_once_expression",
            Role::Keyword("include"),
        ),
        (
            "require_expression require_once_expression",
            Role::Keyword("require"),
        ),
        ("echo_statement", Role::Keyword("echo")),
        ("print_intrinsic", Role::Keyword("print")),
        ("exit_statement", Role::Keyword("exit")),
        ("unset_statement", Role::Keyword("unset")),
        ("shell_command_expression", Role::Command("shell_exec")),
        (
            "argument",
            Role::Argument {
                name: "name",
                value: "",
            },
        ),
        ("binary_expression", BINARY),
        (
            "assignment_expression augmented_assignment_expression reference_assignment_expression",
            ASSIGN,
        ),
        (
            "property_element",
            Role::Declare {
                name: "name",
                value: "default_value",
            },
        ),
        (
            "static_variable_declaration",
            Role::Declare {
                name: "name",
                value: "value",
            },
        ),
        ("array_creation_expression list_literal", Role::List),
        ("function_definition method_declaration", FUNCTION),
        ("anonymous_function arrow_function", LAMBDA),
        (
            "namespace_use_declaration namespace_use_clause",
            Role::Import {
                path: "",
                alias: "alias",
            },
        ),
        (
            "if_statement else_if_clause",
            Role::If {
                condition: CONDITION,
                then: BODY,
                otherwise: "alternative",
            },
        ),
        ("while_statement do_statement", WHILE),
        ("for_statement", FOR),
        (
            "foreach_statement",
            Role::For {
                condition: "",
                body: BODY,
            },
        ),
        ("return_statement", Role::Return),
        ("break_statement", Role::Break),
        ("continue_statement", Role::Continue),
    ],
    joins: &[".", ".="],
    main: None,
    dropped: "\0",
    bare_calls: false,
};
