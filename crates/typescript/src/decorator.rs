//! The functions that transformed decorators call; TypeScript calls them `__decorate` and `__param`.
//!
//! `strip` writes those that are used beside the program. They are CommonJS: both formats can load that.

/// The folder of the workspace that holds them. The transformer adds `/helpers/` and the name.
pub(crate) const FOLDER: &str = ".typescript";

const DECORATE: &str = r#"module.exports = function decorate(decorators, target, key, descriptor) {
  const isClass = arguments.length < 3;
  let result = isClass ? target : descriptor === null ? Object.getOwnPropertyDescriptor(target, key) : descriptor;
  for (let i = decorators.length - 1; i >= 0; i--) {
    const decorator = decorators[i];
    if (!decorator) continue;
    const made = isClass ? decorator(result)
      : arguments.length > 3 ? decorator(target, key, result) : decorator(target, key);
    result = made || result;
  }
  if (arguments.length > 3 && result) Object.defineProperty(target, key, result);
  return result;
};
"#;

const DECORATE_PARAM: &str = r#"module.exports = function decorateParam(index, decorator) {
  return function (target, key) { decorator(target, key, index); };
};
"#;

/// The text of a helper, by the name that the transformer gives it.
pub(crate) fn text(name: &str) -> Option<&'static str> {
    match name {
        "decorate" => Some(DECORATE),
        "decorateParam" => Some(DECORATE_PARAM),
        _ => None,
    }
}

/// The path of a helper in the workspace.
pub(crate) fn path(name: &str) -> String {
    format!("{FOLDER}/helpers/{name}.cjs")
}
