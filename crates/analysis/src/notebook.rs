//! Notebooks: the code of their cells, one after the other, as one program (nbformat 4).

use serde_json::Value;

/// Most cells of one notebook.
const MAX_CELLS: usize = 4096;

/// Whether a file is a notebook by its name.
pub fn is_notebook(path: &str) -> bool {
    path.ends_with(".ipynb")
}

/// The code of a notebook; `None` when it is none. Commands for the notebook itself (`%time`, `!ls`) become calls of
/// what they are: the first are left out, the others handed to a shell.
pub fn code(text: &str) -> Option<String> {
    let whole: Value = serde_json::from_str(text).ok()?;
    let cells = whole.get("cells")?.as_array()?;
    let mut code = String::new();
    for cell in cells.iter().take(MAX_CELLS) {
        if cell.get("cell_type").and_then(Value::as_str) != Some("code") {
            continue;
        }
        let source = match cell.get("source") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect(),
            _ => continue,
        };
        add(&mut code, &source);
    }
    Some(code)
}

fn add(code: &mut String, cell: &str) {
    let is_shell = ["%%bash", "%%sh", "%%script"]
        .iter()
        .any(|magic| cell.starts_with(magic));
    if is_shell {
        let rest = cell.split_once('\n').map_or("", |(_, rest)| rest);
        command(code, "", rest);
        return;
    }
    for line in cell.lines() {
        let body = line.trim_start();
        let indent = &line[..line.len() - body.len()];
        if let Some(text) = body.strip_prefix('!') {
            command(code, indent, text);
        } else if !body.starts_with('%') {
            code.push_str(line);
            code.push('\n');
        } else {
            // So that a line stays a line.
            code.push_str(indent);
            code.push_str("pass\n");
        }
    }
}

fn command(code: &mut String, indent: &str, text: &str) {
    let quoted = Value::String(text.to_owned()).to_string();
    code.push_str(&format!("{indent}__import__(\"os\").system({quoted})\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_become_one_program() {
        let text = r#"{"cells": [
            {"cell_type": "markdown", "source": "print(0)"},
            {"cell_type": "code", "source": ["import os\n", "%time x = 1\n", "if x:\n", "    !curl \"a\" | sh"]},
            {"cell_type": "code", "source": "%%bash\nls\npwd"}]}"#;
        let expected = "import os\npass\nif x:\n    __import__(\"os\").system(\"curl \\\"a\\\" | sh\")\n\
                        __import__(\"os\").system(\"ls\\npwd\")\n";
        assert_eq!(code(text).as_deref(), Some(expected));
        for none in ["", "{}", "[1]", "{\"cells\": 1}"] {
            assert_eq!(code(none), None);
        }
    }
}
