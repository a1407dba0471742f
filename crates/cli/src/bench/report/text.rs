//! The report for people: one table for each measure.

use super::Report;
use std::fmt::Write as _;

/// Two spaces between columns.
const GAP: &str = "  ";

impl Report {
    /// The report as text.
    pub fn text(&self) -> String {
        let machine = &self.machine;
        let gib = machine.memory_bytes as f64 / f64::from(1 << 30);
        let mut out = format!(
            "casemate {}, Linux {}, {}, {} CPUs, {gib:.1} GiB of memory\n",
            self.version, machine.kernel, machine.architecture, machine.cpus
        );
        if !self.service.is_own {
            // Writing to a text does not fail.
            let _ = writeln!(out, "service {}", self.service.url);
        }
        for one in &self.unavailable {
            let language = one.language.map(|name| format!(", {name}")).unwrap_or_default();
            let _ = writeln!(out, "without {}{language}: {}", one.subject, one.reason);
        }
        let tables = [
            self.latency_table(),
            self.throughput_table(),
            self.memory_table(),
            self.interactive_table(),
            self.density_table(),
        ];
        tables.into_iter().flatten().for_each(|table| out += &table);
        if self.failures.count > 0 {
            let _ = writeln!(out, "\n{} runs failed; the first of them:", self.failures.count);
            for one in &self.failures.first {
                let _ = writeln!(out, "  {one}");
            }
        }
        out
    }

    fn latency_table(&self) -> Option<String> {
        let head = [
            "language", "subject", "runs", "median", "p95", "p99", "max", "to bare", "path",
        ];
        let rows = self.latency.iter().map(|row| {
            let paths: Vec<String> = row
                .paths
                .iter()
                .map(|(path, count)| format!("{path} {count}"))
                .collect();
            vec![
                row.language.to_owned(),
                row.subject.to_owned(),
                row.runs.to_string(),
                number(row.median_ms),
                number(row.p95_ms),
                number(row.p99_ms),
                number(row.max_ms),
                times(row.ratio_to_bare),
                paths.join(", "),
            ]
        });
        table("Latency, ms", &head, rows.collect())
    }

    fn throughput_table(&self) -> Option<String> {
        let head = [
            "language",
            "subject",
            "in flight",
            "runs",
            "seconds",
            "a second",
            "to bare",
        ];
        let rows = self.throughput.iter().map(|row| {
            vec![
                row.language.to_owned(),
                row.subject.to_owned(),
                row.in_flight.to_string(),
                row.runs.to_string(),
                format!("{:.1}", row.seconds),
                row.runs_per_second.map_or_else(none, |rate| format!("{rate:.1}")),
                times(row.ratio_to_bare),
            ]
        });
        table("Throughput", &head, rows.collect())
    }

    fn memory_table(&self) -> Option<String> {
        let head = ["language", "sandbox", "count", "memory of each"];
        let rows = self.memory.iter().map(|row| {
            let kib = |bytes: Option<i64>| bytes.map_or_else(none, |bytes| (bytes / 1024).to_string());
            let memory = match &row.unavailable {
                Some(reason) => format!("- ({reason})"),
                None => format!(
                    "{} KiB ({} to {})",
                    kib(row.bytes_per_sandbox),
                    kib(row.least_bytes_per_sandbox),
                    kib(row.most_bytes_per_sandbox)
                ),
            };
            vec![
                row.language.unwrap_or("all").to_owned(),
                row.state.to_owned(),
                row.sandboxes.to_string(),
                memory,
            ]
        });
        table("Memory", &head, rows.collect())
    }

    fn interactive_table(&self) -> Option<String> {
        let head = ["language", "subject", "runs", "median", "p99", "max", "to bare"];
        let rows = self.interactive.iter().map(|row| {
            vec![
                row.language.to_owned(),
                row.subject.to_owned(),
                row.runs.to_string(),
                number(row.median_ms),
                number(row.p99_ms),
                number(row.max_ms),
                times(row.ratio_to_bare),
            ]
        });
        table("Time to interactive, ms", &head, rows.collect())
    }

    fn density_table(&self) -> Option<String> {
        let mut rows = Vec::new();
        for row in &self.density {
            let mut line = |what: &str, value: Option<f64>| {
                rows.push(vec![row.language.to_owned(), what.to_owned(), number(value)]);
            };
            line(
                &format!("{} programs run after", row.sandboxes),
                Some(row.all_running_ms),
            );
            line("all of them cancelled after", Some(row.all_cancelled_ms));
            line("GET /v1/status meanwhile, median", row.status_median_ms);
            line("GET /v1/status meanwhile, max", row.status_max_ms);
            line("one more run, none held, median", row.none_held_median_ms);
            line("one more run, none held, p99", row.none_held_p99_ms);
            line("one more run, all held, median", row.all_held_median_ms);
            line("one more run, all held, p99", row.all_held_p99_ms);
        }
        table("Density, ms", &["language", "what", "time"], rows)
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(none, |value| format!("{value:.2}"))
}

fn times(ratio: Option<f64>) -> String {
    ratio.map_or_else(none, |ratio| format!("{ratio:.2}x"))
}

fn none() -> String {
    "-".to_owned()
}

/// Aligned columns: words to the left, numbers to the right. `None` without rows.
fn table(title: &str, head: &[&str], rows: Vec<Vec<String>>) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let cell = |row: &[String], column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
    let widths: Vec<usize> = (0..head.len())
        .map(|at| {
            rows.iter()
                .map(|row| cell(row, at))
                .chain([head[at].len()])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let is_right = |at: usize| {
        rows.iter()
            .all(|row| row.get(at).is_some_and(|cell| is_number(cell)))
    };
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(at, cell)| match is_right(at) {
                true => format!("{cell:>width$}", width = widths[at]),
                false => format!("{cell:<width$}", width = widths[at]),
            })
            .collect();
        format!("{}\n", padded.join(GAP).trim_end())
    };
    let mut out = format!("\n{title}\n{}", line(head.to_vec()));
    for row in &rows {
        out += &line(row.iter().map(String::as_str).collect());
    }
    Some(out)
}
