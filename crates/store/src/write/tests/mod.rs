//! Tests of writes: what each does, how they share a transaction, and what becomes of them when something fails.

mod batches;
mod crash;
mod damage;
mod full;
mod locked;
mod operations;
mod power;
