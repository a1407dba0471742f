use std::{collections::HashMap, io::Write, process::Command, sync::mpsc, thread};
fn main() {
    let (to, from) = mpsc::channel();
    let all: Vec<_> = (0..4).map(|n| { let to = to.clone(); thread::spawn(move || to.send(n * n).unwrap()) }).collect();
    for one in all { one.join().unwrap(); }
    drop(to);
    let sum: i32 = from.iter().sum();
    let mut map = HashMap::new();
    map.insert("k", sum);
    std::fs::File::create("/tmp/f").unwrap().write_all(b"file").unwrap();
    let echo = Command::new("echo").arg("child").output().unwrap();
    let caught = std::panic::catch_unwind(|| panic!("expected")).is_err();
    println!("{} {} {} {caught}", map["k"], std::fs::read_to_string("/tmp/f").unwrap(), String::from_utf8_lossy(&echo.stdout).trim());
}
