//! Classes and instances.

use super::call::Site;
use super::library::Arguments;
use super::member::Callee;
use super::object::{ClassOf, Key, Object, Shape};
use super::path::Paths;
use super::value::{Kind, ObjId, Value, merge_marks};
use super::{Act, Eval, Flow, Machine, Stop};
use crate::ir::{ClassId, ExprId, Language};
use std::cell::OnceCell;
use std::rc::Rc;

impl Machine<'_> {
    /// A class: its bases are evaluated and its body is run; the body's variables are its attributes.
    pub(super) fn make_class(&mut self, act: &Act<'_>, id: ExprId, class: ClassId) -> Eval {
        let its = act.code.class(class);
        let mut bases = Vec::new();
        for base in &its.bases {
            bases.push(self.eval_quiet(act, *base)?);
        }
        let shape = Shape::Class(ClassOf {
            unit: act.code.unit,
            class: Some(class),
            name: its.name,
            bases,
        });
        let value = self.allocate(act, id, Object::new(shape));
        let Some(object) = value.as_object() else {
            return Ok(value);
        };
        let outer = self.own_scope(act);
        let frame = self.store.frame(act.code.frame(its.body).len());
        let body = Act {
            code: act.code,
            function: its.body,
            frame,
            outer: Some(outer),
            own: OnceCell::new(),
            class: Some(object),
            receiver: None,
            arguments: None,
            language: act.language,
            file: act.file,
        };
        self.called.insert((act.code.unit, its.body));
        let flow = self.block(&body, &act.code.function(its.body).body)?;
        for (slot, var) in act.code.frame(its.body).iter().enumerate() {
            let name = act.code.variable(*var).name;
            let value = self.store.get(frame, slot as u32).clone();
            if !matches!(value.kind, Kind::Unbound) && !self.program.names.text(name).starts_with('.') {
                self.set_entry(object, Key::Name(name), value, false);
            }
        }
        match flow {
            Flow::Raise(raised) => Err(Stop::Raise(Box::new(raised))),
            _ => Ok(value),
        }
    }

    /// An instance of a class.
    pub(super) fn construct(&mut self, class: ObjId, arguments: &Rc<Arguments>, site: Site) -> Eval {
        let value = Value::of(Kind::Object(class));
        let python = self.language == Language::Python;
        if python && let Some(made) = self.made_by_new(class, arguments, site)? {
            let instance = made
                .as_object()
                .is_some_and(|id| matches!(self.store.object(id).shape, Shape::Instance));
            if !instance {
                return Ok(made);
            }
            self.initialize(class, &made, arguments, site)?;
            return Ok(made);
        }
        let mut object = Object::new(Shape::Instance);
        object.class = Some(value);
        let instance = self.allocate_at(site, object);
        self.initialize(class, &instance, arguments, site)?;
        Ok(instance)
    }

    /// An object of a call's place.
    fn allocate_at(&mut self, site: Site, object: Object) -> Value {
        if self.rounds == 0 || self.store.size() > super::run::OBJECTS {
            return self.new_object(object);
        }
        let key = (
            u32::MAX - u32::from(site.span.file.0),
            site.expr,
            super::function::mix(self.context, u64::from(site.span.start)),
        );
        if let Some(&known) = self.sites.get(&key) {
            self.store.summarize(known, &object);
            return Value::of(Kind::Object(known));
        }
        let new = self.store.add(object);
        self.sites.insert(key, new);
        Value::of(Kind::Object(new))
    }

    fn made_by_new(
        &mut self,
        class: ObjId,
        arguments: &Rc<Arguments>,
        site: Site,
    ) -> Result<Option<Value>, Stop> {
        let Some(name) = self.program.names.find("__new__") else {
            return Ok(None);
        };
        let Some(found) = self.lookup(class, name) else {
            return Ok(None);
        };
        if !matches!(found.value.kind, Kind::Object(_)) {
            return Ok(None);
        }
        let function = match found
            .value
            .as_object()
            .map(|id| self.store.object(id).shape.clone())
        {
            Some(Shape::Unbound { callee, .. }) => callee,
            _ => found.value,
        };
        let mut given = Arguments::clone(arguments);
        given.places.insert(0, Value::of(Kind::Object(class)));
        let callee = Callee {
            value: function,
            receiver: None,
        };
        self.call(callee, &Rc::new(given), Site { new: false, ..site })
            .map(Some)
    }

    /// A new instance that no constructor has seen: what `object.__new__` gives.
    pub fn bare_instance(&mut self, class: &Value) -> Value {
        let mut object = Object::new(Shape::Instance);
        object.class = Some(class.clone());
        self.new_object(object)
    }

    fn initialize(
        &mut self,
        class: ObjId,
        instance: &Value,
        arguments: &Rc<Arguments>,
        site: Site,
    ) -> Result<(), Stop> {
        let site = Site { new: false, ..site };
        if self.is_script_class(class) {
            return self.initialize_script(class, instance, arguments, site);
        }
        let init = self
            .program
            .names
            .find("__init__")
            .and_then(|name| self.lookup(class, name));
        match init {
            Some(init) if matches!(init.value.kind, Kind::Object(_)) => {
                let callee = Callee {
                    value: init.value,
                    receiver: Some(instance.clone()),
                };
                self.call(callee, arguments, site)?;
            }
            _ => self.fill(class, instance, arguments, site),
        }
        Ok(())
    }

    /// What a constructor does that nobody wrote: fields of data classes in order, arguments of exceptions.
    fn fill(&mut self, class: ObjId, instance: &Value, arguments: &Arguments, site: Site) {
        let Some(id) = instance.as_object() else { return };
        let marks = self.marks_of(arguments);
        let (names, outside) = self.field_names(class);
        let python_tuple = self.tuple(arguments.places.clone());
        let args = self.program.names.intern("args");
        let object = self.store.object_mut(id);
        for (name, value) in names.iter().zip(&arguments.places) {
            object.entries.set(Key::Name(*name), value.clone());
        }
        for (name, value) in &arguments.named {
            object.entries.set(Key::Name(*name), value.clone());
        }
        if let Some(path) = outside {
            object.marks = merge_marks(&object.marks, &marks);
            object.entries.set(Key::Name(args), python_tuple);
            let value = Value::of(Kind::Path(path));
            self.tell_call(path, &value, None, arguments, site.span);
        }
    }

    /// The fields of a data class in order, and the class outside the program that it inherits from.
    pub(super) fn field_names(
        &mut self,
        class: ObjId,
    ) -> (Vec<crate::ir::Symbol>, Option<super::path::PathId>) {
        let order = self.class_order(&Value::of(Kind::Object(class)));
        let mut names = Vec::new();
        let mut outside = None;
        for known in order.iter().rev() {
            match &known.kind {
                Kind::Object(id) => {
                    let Shape::Class(of) = self.store.object(*id).shape.clone() else {
                        continue;
                    };
                    if of.class.is_none() {
                        names.extend(self.given_fields(*id));
                    }
                    let Some(code) = self.codes.get(of.unit as usize).map(Rc::clone) else {
                        continue;
                    };
                    let Some(of) = of.class else { continue };
                    for var in code.frame(code.class(of).body) {
                        let name = code.variable(*var).name;
                        let value = self.store.object(*id).entries.get(&Key::Name(name)).cloned();
                        let is_field = value.is_none_or(|value| !self.is_function(&value));
                        let text = self.program.names.text(name);
                        if is_field
                            && !text.starts_with('.')
                            && !text.starts_with("__")
                            && !names.contains(&name)
                        {
                            names.push(name);
                        }
                    }
                }
                Kind::Path(path) => outside = Some(*path),
                _ => {}
            }
        }
        (names, outside)
    }

    /// The fields of a class that a call made, as `namedtuple` does.
    fn given_fields(&mut self, class: ObjId) -> Vec<crate::ir::Symbol> {
        let fields = self.program.names.find("__match_args__");
        let fields = fields.and_then(|name| self.store.object(class).entries.get(&Key::Name(name)).cloned());
        let fields = fields.and_then(|fields| self.items(&fields)).unwrap_or_default();
        fields
            .iter()
            .filter_map(|field| Some(self.program.names.intern(field.as_text()?)))
            .collect()
    }

    fn is_function(&self, value: &Value) -> bool {
        value.as_object().is_some_and(|id| {
            matches!(
                self.store.object(id).shape,
                Shape::Function(_)
                    | Shape::Unbound { .. }
                    | Shape::Accessor { .. }
                    | Shape::Class(_)
                    | Shape::Bound { .. }
            )
        })
    }

    fn is_script_class(&self, class: ObjId) -> bool {
        let Shape::Class(of) = &self.store.object(class).shape else {
            return false;
        };
        let Some(code) = self.codes.get(of.unit as usize) else {
            return false;
        };
        let Some(class) = of.class else { return false };
        let file = code.function(code.class(class).body).span.file;
        self.program
            .files
            .get(file.0 as usize)
            .is_some_and(|file| file.language != Language::Python)
    }

    fn initialize_script(
        &mut self,
        class: ObjId,
        instance: &Value,
        arguments: &Rc<Arguments>,
        site: Site,
    ) -> Result<(), Stop> {
        let object = self.store.shared_object(class);
        let Shape::Class(of) = &object.shape else {
            return Ok(());
        };
        let constructor = self
            .program
            .names
            .find("constructor")
            .and_then(|name| object.entries.get(&Key::Name(name)).cloned());
        let derived = !of.bases.is_empty();
        match constructor {
            Some(constructor) => {
                if !derived {
                    self.own_fields(&object, instance, site)?;
                }
                let callee = Callee {
                    value: constructor,
                    receiver: Some(instance.clone()),
                };
                self.call(callee, arguments, site)?;
            }
            None => {
                let bases = of.bases.clone();
                self.construct_base(&bases, instance, arguments, site)?;
                self.own_fields(&object, instance, site)?;
            }
        }
        Ok(())
    }

    fn own_fields(&mut self, class: &Object, instance: &Value, site: Site) -> Result<(), Stop> {
        let fields = self
            .program
            .names
            .find("@fields")
            .and_then(|name| class.entries.get(&Key::Name(name)).cloned());
        if let Some(fields) = fields {
            let callee = Callee {
                value: fields,
                receiver: Some(instance.clone()),
            };
            self.call(callee, &Rc::new(Arguments::default()), site)?;
        }
        Ok(())
    }

    fn construct_base(
        &mut self,
        bases: &[Value],
        instance: &Value,
        arguments: &Rc<Arguments>,
        site: Site,
    ) -> Result<(), Stop> {
        for base in bases {
            match base.kind {
                Kind::Object(id) => match self.store.object(id).shape.clone() {
                    Shape::Class(_) => self.initialize_script(id, instance, arguments, site)?,
                    Shape::Function(closure) => {
                        self.call_function(id, &closure, Some(instance.clone()), arguments, site)?;
                    }
                    _ => {}
                },
                Kind::Path(path) if !Paths::is_unknown(path) => {
                    let marks = self.marks_of(arguments);
                    let message = self.program.names.intern("message");
                    if let Some(id) = instance.as_object() {
                        let object = self.store.object_mut(id);
                        object.marks = merge_marks(&object.marks, &marks);
                        if let Some(first) = arguments.places.first() {
                            object.entries.set(Key::Name(message), first.clone());
                        }
                    }
                    self.tell_call(path, base, None, arguments, site.span);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// `super(...)` of JavaScript.
    pub(super) fn super_call(&mut self, act: &Act<'_>, arguments: &Rc<Arguments>, site: Site) -> Eval {
        let (Some(class), Some(receiver)) = (act.class, act.receiver.clone()) else {
            return Ok(Value::unknown());
        };
        let object = self.store.shared_object(class);
        if let Shape::Class(of) = &object.shape {
            let bases = of.bases.clone();
            let site = Site { new: false, ..site };
            self.construct_base(&bases, &receiver, arguments, site)?;
            self.own_fields(&object, &receiver, site)?;
        }
        Ok(receiver)
    }

    /// `new` of a function.
    pub(super) fn construct_by_function(
        &mut self,
        function: ObjId,
        arguments: &Rc<Arguments>,
        site: Site,
    ) -> Eval {
        let Shape::Function(closure) = self.store.object(function).shape.clone() else {
            return Ok(Value::unknown());
        };
        let mut object = Object::new(Shape::Instance);
        object.class = Some(Value::of(Kind::Object(function)));
        let instance = self.allocate_at(site, object);
        let site = Site { new: false, ..site };
        let result = self.call_function(function, &closure, Some(instance.clone()), arguments, site)?;
        let object = matches!(result.kind, Kind::Object(_));
        Ok(if object { result } else { instance })
    }
}
