//! Tests of the table, of detection on hosts built for them, of the cache and of the commands.

mod caching;
mod detection;
mod rows;
