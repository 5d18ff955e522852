//! Tables as Markdown, so that they go into the documentation as they were printed, or as one JSON document.

use std::fmt::Write;

use serde_json::{Value, json};

/// All tables of a run.
#[derive(Debug)]
pub(crate) struct Report {
    json: bool,
    tables: Vec<Value>,
}

/// One table.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Report {
    /// Nothing yet.
    pub(crate) fn new(json: bool) -> Self {
        Self { json, tables: Vec::new() }
    }

    /// Prints a table as soon as it is made, or keeps it for the document.
    pub(crate) fn add(&mut self, table: &Table) {
        if self.json {
            self.tables.push(table.json());
        } else {
            show(&table.markdown());
        }
    }

    /// Prints the document.
    pub(crate) fn finish(self) {
        if self.json {
            show(&json!({ "tables": self.tables }).to_string());
        }
    }
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new(title: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        Self { title: title.to_owned(), columns, rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Adds a line below the table.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    fn json(&self) -> Value {
        json!({ "title": self.title, "columns": self.columns, "rows": self.rows, "notes": self.notes })
    }

    fn markdown(&self) -> String {
        let mut text = format!("**{}**\n\n", self.title);
        let rule = vec!["---".to_owned(); self.columns.len()];
        for cells in [&self.columns, &rule].into_iter().chain(&self.rows) {
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        for note in &self.notes {
            let _ = writeln!(text, "\n{note}");
        }
        text
    }
}

/// Says what is being done, for whoever watches.
#[expect(clippy::print_stderr, reason = "progress of a program on a terminal")]
pub(crate) fn progress(what: &str) {
    eprintln!("  … {what}");
}

#[expect(clippy::print_stdout, reason = "what this program is for")]
fn show(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown() {
        let mut table = Table::new("Size", &["what", "MB"]);
        table.row(["binary", "9.2"]);
        table.note("Stripped.");
        assert_eq!(
            table.markdown(),
            "**Size**\n\n| what | MB |\n| --- | --- |\n| binary | 9.2 |\n\nStripped.\n"
        );
    }
}
