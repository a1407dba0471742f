//! How the cost of an analysis grows with the source: `cargo run --release -p casemate-analysis --example cost`.
//!
//! For each language a text of usual code is repeated up to 64 KiB, 256 KiB and 1 MiB. A line shows the milliseconds of each, and
//! how many times as long the longest takes for a byte as the shortest: about 1 where the cost is linear.

use casemate_analysis::ir::Language;
use casemate_analysis::{Bounds, SourceFile, Submission, analyze};
use std::time::Instant;

const SIZES: [usize; 3] = [64 << 10, 256 << 10, 1 << 20];

/// Usual code; `@` becomes the number of the repetition.
fn piece(language: Language) -> &'static str {
    match language {
        Language::Python => {
            "import os\ndef f@(a, b=1):\n    x = [i * 2 for i in a if i > b]\n    if x and os.path.exists('/tmp/@'):\n        print('found %d' % len(x))\n    return {'k@': x}\ny@ = f@([1, 2, 3])\n"
        }
        Language::JavaScript => {
            "const p@ = require('path');\nfunction f@(a, b) {\n  const x = a.map((i) => i * 2).filter((i) => i > b);\n  if (x.length > 3) { console.log(`found ${x.length}`); }\n  return { k: x, p: p@.join('a', String(b)) };\n}\nf@([1, 2], 3);\n"
        }
        Language::TypeScript => {
            "interface T@ { k: number; v?: string }\nexport function g@(a: T@[], b: number): T@ | undefined {\n  for (const t of a) { if (t.k === b) { return t; } }\n  return undefined;\n}\n"
        }
        Language::Bash => {
            "f@() {\n  local x=$1\n  for i in a b \"$x\"; do\n    echo \"item $i of @\" | tr a-z A-Z >> /tmp/log\n  done\n}\nif [ -f \"$HOME/x@\" ]; then f@ \"$(basename \"$HOME\")\"; fi\n"
        }
        Language::C | Language::Cpp => {
            "static int f@(const char *s, int n) {\n  char buf[64];\n  snprintf(buf, sizeof buf, \"%s @\", s);\n  for (int i = 0; i < n; i++) { if (buf[i] == 'a') return i; }\n  return n + 1;\n}\n"
        }
        Language::Rust => {
            "fn f@(s: &str, n: usize) -> Option<String> {\n    let x = s.chars().filter(|c| c.is_ascii()).take(n);\n    if n > 3 { return None; }\n    Some(format!(\"{} @\", x.collect::<String>()))\n}\n"
        }
        Language::Go => {
            "package main\nfunc f@(s string, n int) (int, error) {\n\tx := strings.Split(s, \",\")\n\tfor i, v := range x { if v == \"a@\" { return i, nil } }\n\treturn n + 1, nil\n}\n"
        }
        Language::Java => {
            "class A@ {\n  static int f(String s, int n) {\n    StringBuilder b = new StringBuilder();\n    for (int i = 0; i < n; i++) { b.append(s).append(\"@\"); }\n    return b.length() + 1;\n  }\n}\n"
        }
        Language::Ruby => {
            "def f@(a, b = 1)\n  x = a.map { |i| i * 2 }.select { |i| i > b }\n  puts \"found #{x.size} @\" if x.any?\n  { k: x }\nend\nf@([1, 2])\n"
        }
        Language::Php => {
            "function f@($a, $b) {\n  $x = array_map(fn($i) => $i * 2, $a);\n  if (count($x) > $b) { echo \"found \" . count($x) . \" @\"; }\n  return ['k' => $x];\n}\nf@([1, 2], 3);\n"
        }
        Language::Perl => {
            "sub f@ {\n  my ($a, $b) = @_;\n  my $x = \"item $a @\";\n  if ($b > 3) { print $x . \"\\n\"; }\n  return $x;\n}\nf@(1, 2);\n"
        }
        Language::Lua => {
            "local function f@(a, b)\n  local x = {}\n  for i = 1, #a do x[i] = a[i] * 2 end\n  if b > 3 then print('found ' .. #x .. ' @') end\n  return x\nend\nf@({1, 2}, 3)\n"
        }
        Language::R => {
            "f@ <- function(a, b = 1) {\n  x <- sapply(a, function(i) i * 2)\n  if (length(x) > b) { print(paste0('found ', length(x), ' @')) }\n  list(k = x)\n}\nf@(c(1, 2))\n"
        }
    }
}

fn main() {
    println!(
        "{:<12}{:>10}{:>10}{:>10}{:>10}",
        "language", "64 KiB", "256 KiB", "1 MiB", "growth"
    );
    let only = std::env::args().nth(1);
    for language in Language::ALL {
        if only.as_ref().is_some_and(|only| only != language.as_str()) {
            continue;
        }
        let times = SIZES.map(|size| {
            let mut text = if language == Language::Php {
                "<?php\n".to_owned()
            } else {
                String::new()
            };
            for number in 0.. {
                let more = piece(language).replace('@', &number.to_string());
                if text.len() + more.len() > size {
                    break;
                }
                text.push_str(&more);
            }
            let file = SourceFile {
                path: "main".to_owned(),
                language: Some(language),
                bytes: text.into_bytes(),
            };
            let submission = Submission { files: vec![file] };
            let begun = Instant::now();
            let report = analyze(&submission, &Bounds::default());
            assert_eq!(report.files, 1);
            begun.elapsed().as_secs_f64() * 1e3
        });
        let [small, middle, large] = times;
        let growth = large / small / (SIZES[2] / SIZES[0]) as f64;
        println!(
            "{:<12}{small:>10.1}{middle:>10.1}{large:>10.1}{growth:>10.2}",
            language.as_str()
        );
    }
}
