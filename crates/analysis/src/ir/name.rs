//! Names as numbers: a name is compared and hashed as what it is named by, not letter by letter.

use rustc_hash::FxHashMap;
use std::rc::Rc;

/// A name of one program: a variable's, a field's, a module's, a global's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Symbol(u32);

/// Every name of one program.
#[derive(Default, Debug)]
pub struct Names {
    known: FxHashMap<Rc<str>, Symbol>,
    texts: Vec<Rc<str>>,
}

impl Names {
    /// The number of a name; the same text has the same number.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(&symbol) = self.known.get(text) {
            return symbol;
        }
        let symbol = Symbol(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        let text: Rc<str> = Rc::from(text);
        self.texts.push(Rc::clone(&text));
        self.known.insert(text, symbol);
        symbol
    }

    /// The number of a name, if it was met.
    pub fn find(&self, text: &str) -> Option<Symbol> {
        self.known.get(text).copied()
    }

    /// The text of a name.
    pub fn text(&self, symbol: Symbol) -> &str {
        self.texts.get(symbol.0 as usize).map_or("", |text| text)
    }

    /// The text of a name, to keep.
    pub fn shared(&self, symbol: Symbol) -> Rc<str> {
        self.texts
            .get(symbol.0 as usize)
            .map_or_else(|| Rc::from(""), Rc::clone)
    }
}
