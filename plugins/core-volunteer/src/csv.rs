//! CSV as spreadsheets like it: a byte order mark, commas, CRLF, and no cell that a spreadsheet would run as a formula.

use conman_sdk::spreadsheet;

/// A table being written.
pub(crate) struct Table {
    text: String,
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new(columns: &[&str]) -> Self {
        let mut table = Self { text: "\u{feff}".to_owned() };
        table.row(columns);
        table
    }

    /// Adds a row.
    pub(crate) fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.cell(cell.as_ref());
        }
        self.text.push_str("\r\n");
    }

    /// The whole text.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    fn cell(&mut self, cell: &str) {
        let cell = spreadsheet::guarded(cell);
        if !cell.contains(['"', ',', '\n', '\r']) {
            self.text.push_str(&cell);
            return;
        }
        self.text.push('"');
        self.text.push_str(&cell.replace('"', "\"\""));
        self.text.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_needed_and_formulas_become_texts() {
        let mut table = Table::new(&["a", "b"]);
        table.row(&["plain", "with, comma"]);
        table.row(&["say \"hi\"", "two\nlines"]);
        table.row(&["=HYPERLINK(1)", "-2.5"]);
        assert_eq!(
            table.finish(),
            "\u{feff}a,b\r\nplain,\"with, comma\"\r\n\"say \"\"hi\"\"\",\"two\nlines\"\r\n'=HYPERLINK(1),-2.5\r\n"
        );
    }
}
