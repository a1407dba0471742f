//! Tests of the control groups: `fake` hands made-up machines to the parsers and to the discovery, `real` limits,
//! kills and sweeps real processes below a directory of its own and leaves nothing behind.

mod fake;
mod real;
mod scene;
