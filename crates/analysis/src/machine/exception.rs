//! Which of Python's own exceptions inherits from which (the library reference, "Exception hierarchy").

/// Each with the one that it inherits from.
const PARENTS: &[(&str, &str)] = &[
    ("ArithmeticError", "Exception"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("BlockingIOError", "OSError"),
    ("BrokenPipeError", "ConnectionError"),
    ("BufferError", "Exception"),
    ("ChildProcessError", "OSError"),
    ("ConnectionAbortedError", "ConnectionError"),
    ("ConnectionError", "OSError"),
    ("ConnectionRefusedError", "ConnectionError"),
    ("ConnectionResetError", "ConnectionError"),
    ("EOFError", "Exception"),
    ("Exception", "BaseException"),
    ("FileExistsError", "OSError"),
    ("FileNotFoundError", "OSError"),
    ("FloatingPointError", "ArithmeticError"),
    ("GeneratorExit", "BaseException"),
    ("ImportError", "Exception"),
    ("IndentationError", "SyntaxError"),
    ("IndexError", "LookupError"),
    ("InterruptedError", "OSError"),
    ("IsADirectoryError", "OSError"),
    ("KeyError", "LookupError"),
    ("KeyboardInterrupt", "BaseException"),
    ("LookupError", "Exception"),
    ("MemoryError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("NameError", "Exception"),
    ("NotADirectoryError", "OSError"),
    ("NotImplementedError", "RuntimeError"),
    ("OSError", "Exception"),
    ("OverflowError", "ArithmeticError"),
    ("PermissionError", "OSError"),
    ("RecursionError", "RuntimeError"),
    ("RuntimeError", "Exception"),
    ("StopAsyncIteration", "Exception"),
    ("StopIteration", "Exception"),
    ("SyntaxError", "Exception"),
    ("SystemError", "Exception"),
    ("SystemExit", "BaseException"),
    ("TabError", "IndentationError"),
    ("TimeoutError", "OSError"),
    ("TypeError", "Exception"),
    ("UnboundLocalError", "NameError"),
    ("UnicodeDecodeError", "UnicodeError"),
    ("UnicodeEncodeError", "UnicodeError"),
    ("UnicodeError", "ValueError"),
    ("ValueError", "Exception"),
    ("ZeroDivisionError", "ArithmeticError"),
];

/// Whether one exception is another or inherits from it; nothing when either is none of Python's own.
pub(super) fn descends(one: &str, other: &str) -> Option<bool> {
    let other = match other {
        "IOError" | "EnvironmentError" => "OSError",
        other => other,
    };
    let known = other == "BaseException" || parent(other).is_some();
    let mut one = match one {
        "IOError" | "EnvironmentError" => "OSError",
        one => one,
    };
    parent(one).filter(|_| known)?;
    loop {
        if one == other {
            return Some(true);
        }
        match parent(one) {
            Some(next) => one = next,
            None => return Some(false),
        }
    }
}

/// Whether it is one of Python's own.
pub(super) fn is_known(name: &str) -> bool {
    parent(name).is_some()
}

fn parent(name: &str) -> Option<&'static str> {
    let place = PARENTS.binary_search_by_key(&name, |(known, _)| known).ok()?;
    PARENTS.get(place).map(|(_, parent)| *parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hierarchy_is_sorted_and_followed() {
        assert!(PARENTS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(descends("KeyError", "LookupError"), Some(true));
        assert_eq!(descends("KeyError", "ValueError"), Some(false));
        assert_eq!(descends("FileNotFoundError", "IOError"), Some(true));
        assert_eq!(descends("requests.HTTPError", "ValueError"), None);
    }
}
