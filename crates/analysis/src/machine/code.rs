//! Lowered code as the machine walks it: the arenas of one lowering, with where each variable lies in its frame.

use crate::ir::{Class, ClassId, Expr, ExprId, FuncId, Function, Program, Symbol, VarId, Variable};
use rustc_hash::FxHashMap;
use std::mem;

/// What was lowered together. What is found inside other code is a unit of its own.
pub struct Code {
    /// Its number.
    pub unit: u32,
    /// What is added to a function's number in facts.
    pub base: u32,
    /// By [`FuncId`].
    pub functions: Vec<Function>,
    /// By [`ClassId`].
    pub classes: Vec<Class>,
    /// By [`VarId`].
    pub variables: Vec<Variable>,
    /// By [`ExprId`].
    pub exprs: Vec<Expr>,
    /// Each variable's place in its owner's frame.
    slots: Vec<u32>,
    /// The variables of each function, in order.
    frames: Vec<Vec<VarId>>,
    /// The variables by owner and name.
    named: FxHashMap<(FuncId, Symbol), VarId>,
}

impl Code {
    /// Takes the arenas out of a program; names and files stay.
    pub fn take(program: &mut Program, unit: u32, base: u32) -> Self {
        let functions = mem::take(&mut program.functions);
        let variables = mem::take(&mut program.variables);
        let mut slots = Vec::with_capacity(variables.len());
        let mut frames: Vec<Vec<VarId>> = functions.iter().map(|_| Vec::new()).collect();
        let mut named = FxHashMap::default();
        for (index, variable) in variables.iter().enumerate() {
            let id = VarId(u32::try_from(index).unwrap_or(u32::MAX));
            let owner = variable.owner.0 as usize;
            let Some(frame) = frames.get_mut(owner) else {
                slots.push(0);
                continue;
            };
            slots.push(u32::try_from(frame.len()).unwrap_or(u32::MAX));
            frame.push(id);
            named.insert((variable.owner, variable.name), id);
        }
        Self {
            unit,
            base,
            functions,
            classes: mem::take(&mut program.classes),
            variables,
            exprs: mem::take(&mut program.exprs),
            slots,
            frames,
            named,
        }
    }

    /// An expression.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }

    /// A function.
    pub fn function(&self, id: FuncId) -> &Function {
        &self.functions[id.0 as usize]
    }

    /// A class.
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.0 as usize]
    }

    /// A variable.
    pub fn variable(&self, id: VarId) -> &Variable {
        &self.variables[id.0 as usize]
    }

    /// A variable's place in its owner's frame.
    pub fn slot(&self, id: VarId) -> u32 {
        self.slots[id.0 as usize]
    }

    /// The variables of a function.
    pub fn frame(&self, id: FuncId) -> &[VarId] {
        &self.frames[id.0 as usize]
    }

    /// A function's variable by its name.
    pub fn named(&self, owner: FuncId, name: Symbol) -> Option<VarId> {
        self.named.get(&(owner, name)).copied()
    }
}
