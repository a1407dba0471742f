//! Places of a text that was translated before it was parsed, back to the text that was submitted.

/// A piecewise line from translated to submitted offsets. Without points every place is itself.
#[derive(Default, Debug)]
pub(super) struct Positions {
    /// Translated and submitted offset of each piece's first byte, in order.
    points: Vec<(u32, u32)>,
    /// Where the submitted text is itself a translation, its own map.
    outer: Option<Box<Self>>,
}

impl Positions {
    /// The submitted offset of a translated one. What was inserted stands where it was inserted.
    pub(super) fn original(&self, at: u32) -> u32 {
        let at = self.piece(at);
        match &self.outer {
            Some(outer) => outer.original(at),
            None => at,
        }
    }

    /// The map of a text that was translated twice.
    pub(super) fn within(mut self, outer: Self) -> Self {
        self.outer = Some(Box::new(outer));
        self
    }

    fn piece(&self, at: u32) -> u32 {
        let next = self.points.partition_point(|&(translated, _)| translated <= at);
        let Some(&(translated, submitted)) = next.checked_sub(1).and_then(|index| self.points.get(index))
        else {
            return at;
        };
        let linear = submitted.saturating_add(at - translated);
        self.points
            .get(next)
            .map_or(linear, |&(_, limit)| linear.min(limit.max(submitted)))
    }
}

/// A text under construction from pieces of another.
#[derive(Default, Debug)]
pub(super) struct Translation {
    /// The text so far.
    pub(super) text: String,
    positions: Positions,
}

impl Translation {
    /// Adds a piece that stands at an offset of the submitted text.
    pub(super) fn push(&mut self, piece: &str, submitted: usize) {
        let translated = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        let submitted = u32::try_from(submitted).unwrap_or(u32::MAX);
        self.positions.points.push((translated, submitted));
        self.text.push_str(piece);
    }

    /// The text and its map.
    pub(super) fn finish(self) -> (String, Positions) {
        (self.text, self.positions)
    }
}

/// Replacements in a text.
#[derive(Default, Debug)]
pub(super) struct Edits {
    list: Vec<(usize, usize, &'static str)>,
}

impl Edits {
    /// Puts a text in place of a range.
    pub(super) fn replace(&mut self, start: usize, end: usize, text: &'static str) {
        self.list.push((start, end, text));
    }

    /// Puts a text before an offset.
    pub(super) fn insert(&mut self, at: usize, text: &'static str) {
        self.list.push((at, at, text));
    }

    /// Whether nothing is to be done.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Does them all. Those that overlap an earlier one are left out.
    pub(super) fn apply(mut self, text: &str) -> (String, Positions) {
        self.list.sort_by_key(|&(start, end, _)| (start, end));
        let mut translation = Translation::default();
        let mut done = 0;
        for (start, end, replacement) in self.list {
            let Some(kept) = text.get(done..start) else {
                continue;
            };
            translation.push(kept, done);
            translation.push(replacement, start);
            done = end;
        }
        if let Some(kept) = text.get(done..) {
            translation.push(kept, done);
        }
        translation.finish()
    }
}
