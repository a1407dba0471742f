//! The store: frames and objects, with a journal of layers, so that branches are run one after another from one state
//! and their effects joined. What a branch costs is what it writes.

use super::object::{FrameId, Join, Object};
use super::value::{ObjId, Value};
use rustc_hash::FxHashSet;
use std::mem;
use std::rc::Rc;

#[derive(Default)]
struct Cell {
    value: Value,
    layer: u32,
}

struct Frame {
    cells: Box<[Cell]>,
    born: u32,
    shared: bool,
}

struct Slot {
    object: Rc<Object>,
    layer: u32,
    born: u32,
    /// Stands for several: never overwritten, only added to.
    summary: bool,
}

#[derive(Default)]
struct Layer {
    id: u32,
    cells: Vec<(FrameId, u32, Cell)>,
    objects: Vec<(ObjId, Rc<Object>, u32)>,
}

/// What was written since a layer began.
#[derive(Default)]
pub struct Delta {
    cells: Vec<((FrameId, u32), Value)>,
    objects: Vec<(ObjId, Rc<Object>)>,
}

/// Frames and objects.
#[derive(Default)]
pub struct Store {
    frames: Vec<Frame>,
    objects: Vec<Slot>,
    layers: Vec<Layer>,
    spare: Vec<Layer>,
    /// Calls whose frame closures see: what they made may be seen by others.
    shared_calls: FxHashSet<u32>,
    unbound: Value,
    next_layer: u32,
    /// The call that is running, counted from the first.
    pub call: u32,
    /// Goes up when something that other calls may see is written.
    pub clock: u64,
    /// The oldest call whose things were written since somebody reset it.
    pub oldest_written: u32,
}

impl Store {
    /// How many frames and objects there are.
    pub fn size(&self) -> usize {
        self.frames.len() + self.objects.len()
    }

    /// A new frame.
    pub fn frame(&mut self, cells: usize) -> FrameId {
        let id = FrameId(u32::try_from(self.frames.len()).unwrap_or(u32::MAX));
        let layer = self.layers.last().map_or(0, |layer| layer.id);
        let cells = (0..cells)
            .map(|_| Cell {
                value: Value::default(),
                layer,
            })
            .collect();
        self.frames.push(Frame {
            cells,
            born: self.call,
            shared: false,
        });
        id
    }

    /// Says that closures see a frame.
    pub fn share(&mut self, frame: FrameId) {
        if let Some(frame) = self.frames.get_mut(frame.0 as usize)
            && !frame.shared
        {
            frame.shared = true;
            self.shared_calls.insert(frame.born);
        }
    }

    /// A new object.
    pub fn add(&mut self, object: Object) -> ObjId {
        let id = ObjId(u32::try_from(self.objects.len()).unwrap_or(u32::MAX));
        self.objects.push(Slot {
            object: Rc::new(object),
            layer: self.layers.last().map_or(0, |layer| layer.id),
            born: self.call,
            summary: false,
        });
        id
    }

    /// An object.
    pub fn object(&self, id: ObjId) -> &Object {
        &self.objects[id.0 as usize].object
    }

    /// An object, to keep.
    pub fn shared_object(&self, id: ObjId) -> Rc<Object> {
        Rc::clone(&self.objects[id.0 as usize].object)
    }

    /// Whether an object stands for several.
    pub fn is_summary(&self, id: ObjId) -> bool {
        self.objects[id.0 as usize].summary
    }

    /// Makes an object stand for several, of which another is added.
    pub fn summarize(&mut self, id: ObjId, other: &Object) {
        let joined = self.object(id).join(other, Join::Widen);
        if !joined.same(self.object(id)) {
            *self.object_mut(id) = joined;
        }
        self.objects[id.0 as usize].summary = true;
    }

    /// An object, to change.
    pub fn object_mut(&mut self, id: ObjId) -> &mut Object {
        let slot = &mut self.objects[id.0 as usize];
        if slot.born < self.oldest_written {
            self.oldest_written = slot.born;
        }
        if slot.born < self.call || self.shared_calls.contains(&slot.born) {
            self.clock += 1;
        }
        if let Some(layer) = self.layers.last_mut()
            && slot.layer != layer.id
        {
            layer.objects.push((id, Rc::clone(&slot.object), slot.layer));
            slot.layer = layer.id;
        }
        Rc::make_mut(&mut slot.object)
    }

    /// A variable's value.
    pub fn get(&self, frame: FrameId, slot: u32) -> &Value {
        let frame = self.frames.get(frame.0 as usize);
        frame
            .and_then(|frame| frame.cells.get(slot as usize))
            .map_or(&self.unbound, |cell| &cell.value)
    }

    /// Sets a variable.
    pub fn set(&mut self, frame: FrameId, slot: u32, value: Value) {
        let Some(its) = self.frames.get_mut(frame.0 as usize) else {
            return;
        };
        if its.shared {
            self.clock += 1;
        }
        if its.born < self.oldest_written {
            self.oldest_written = its.born;
        }
        let Some(cell) = its.cells.get_mut(slot as usize) else {
            return;
        };
        if let Some(layer) = self.layers.last_mut()
            && cell.layer != layer.id
        {
            let old = Cell {
                value: mem::replace(&mut cell.value, value),
                layer: cell.layer,
            };
            layer.cells.push((frame, slot, old));
            cell.layer = layer.id;
            return;
        }
        cell.value = value;
    }

    /// How many layers there are.
    pub fn depth(&self) -> usize {
        self.layers.len()
    }

    /// Begins a layer.
    pub fn push(&mut self) {
        self.next_layer += 1;
        let mut layer = self.spare.pop().unwrap_or_default();
        layer.id = self.next_layer;
        self.layers.push(layer);
    }

    /// Ends the last layer and keeps what it wrote.
    pub fn merge(&mut self) {
        let Some(mut layer) = self.layers.pop() else {
            return;
        };
        let outer = self.layers.last().map_or(0, |outer| outer.id);
        for (frame, slot, old) in layer.cells.drain(..) {
            let cell = &mut self.frames[frame.0 as usize].cells[slot as usize];
            if old.layer != outer && outer != 0 {
                cell.layer = outer;
                if let Some(outer) = self.layers.last_mut() {
                    outer.cells.push((frame, slot, old));
                }
            } else {
                cell.layer = old.layer;
            }
        }
        for (id, old, stamp) in layer.objects.drain(..) {
            if stamp != outer && outer != 0 {
                self.objects[id.0 as usize].layer = outer;
                if let Some(outer) = self.layers.last_mut() {
                    outer.objects.push((id, old, stamp));
                }
            } else {
                self.objects[id.0 as usize].layer = stamp;
            }
        }
        self.spare.push(layer);
    }

    /// Ends the last layer, takes back what it wrote, and tells it.
    pub fn undo(&mut self) -> Delta {
        let mut delta = Delta::default();
        let Some(mut layer) = self.layers.pop() else {
            return delta;
        };
        for (frame, slot, old) in layer.cells.drain(..) {
            let cell = &mut self.frames[frame.0 as usize].cells[slot as usize];
            delta.cells.push(((frame, slot), mem::replace(cell, old).value));
        }
        for (id, old, stamp) in layer.objects.drain(..) {
            let slot = &mut self.objects[id.0 as usize];
            delta.objects.push((id, mem::replace(&mut slot.object, old)));
            slot.layer = stamp;
        }
        self.spare.push(layer);
        delta.cells.sort_unstable_by_key(|(key, _)| *key);
        delta.objects.sort_unstable_by_key(|(key, _)| *key);
        delta
    }

    /// What was written since there were so many layers.
    pub fn snapshot(&self, depth: usize) -> Delta {
        let mut delta = Delta::default();
        for layer in self.layers.get(depth..).unwrap_or_default() {
            for (frame, slot, _) in &layer.cells {
                delta
                    .cells
                    .push(((*frame, *slot), self.get(*frame, *slot).clone()));
            }
            for (id, _, _) in &layer.objects {
                delta.objects.push((*id, self.shared_object(*id)));
            }
        }
        delta.cells.sort_by_key(|(key, _)| *key);
        delta.cells.dedup_by_key(|(key, _)| *key);
        delta.objects.sort_by_key(|(key, _)| *key);
        delta.objects.dedup_by_key(|(key, _)| *key);
        delta
    }

    /// Writes what several ways wrote, each from the present state: a thing that one of them did not write is, on that
    /// way, what it is now. Tells whether anything changed. With `and_present` the present state is one of the ways.
    pub fn write_joined(&mut self, deltas: &[&Delta], how: Join, and_present: bool) -> bool {
        let mut changed = false;
        let mut cells: Vec<(FrameId, u32)> = deltas
            .iter()
            .flat_map(|delta| delta.cells.iter().map(|(key, _)| *key))
            .collect();
        cells.sort_unstable();
        cells.dedup();
        for key in cells {
            let present = self.get(key.0, key.1).clone();
            let mut value = and_present.then(|| present.clone());
            for delta in deltas {
                let its = delta.cells.binary_search_by_key(&key, |(key, _)| *key);
                let its = its.map_or(&present, |place| &delta.cells[place].1);
                value = Some(value.map_or_else(|| its.clone(), |known| how.values(&known, its)));
            }
            let Some(value) = value else { continue };
            if !value.same(&present) {
                changed = true;
                self.set(key.0, key.1, value);
            }
        }
        let mut objects: Vec<ObjId> = deltas
            .iter()
            .flat_map(|delta| delta.objects.iter().map(|(key, _)| *key))
            .collect();
        objects.sort_unstable();
        objects.dedup();
        for key in objects {
            changed |= self.join_object(key, deltas, how, and_present);
        }
        changed
    }

    fn join_object(&mut self, key: ObjId, deltas: &[&Delta], how: Join, and_present: bool) -> bool {
        let present = self.shared_object(key);
        let mut object = and_present.then(|| Rc::clone(&present));
        for delta in deltas {
            let its = delta.objects.binary_search_by_key(&key, |(key, _)| *key);
            let its = its.map_or(&present, |place| &delta.objects[place].1);
            object = Some(match object {
                None => Rc::clone(its),
                Some(known) if Rc::ptr_eq(&known, its) => known,
                Some(known) => Rc::new(known.join(its, how)),
            });
        }
        let Some(object) = object else { return false };
        if Rc::ptr_eq(&object, &present) || object.same(&present) {
            return false;
        }
        *self.object_mut(key) = Rc::unwrap_or_clone(object);
        true
    }
}
