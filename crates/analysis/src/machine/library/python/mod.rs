//! Models of what python programs find around them. See the documentation of [`super`] for how to add one.

use super::Table;

/// Every part.
pub const TABLES: &[&Table] = &[];
