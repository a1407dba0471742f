//! Rust, compiled by rustc behind the walls; no crates.

fn main() {
    println!("hello from rust");
}
