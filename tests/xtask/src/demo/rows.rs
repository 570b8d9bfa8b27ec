//! A table of what must be and what is, row by row as it is found out. A row that isn't as it must
//! be is marked, and counted.

/// The rows so far.
#[derive(Default)]
pub(crate) struct Rows {
    /// How many aren't as they must be.
    pub(crate) wrong: usize,
}

impl Rows {
    /// Begins with the head.
    pub(crate) fn begin() -> Self {
        println!();
        print("what", "must be", "is");
        Self::default()
    }

    /// One row.
    pub(crate) fn row(&mut self, what: &str, must: &str, is: &str) {
        if must == is {
            return print(what, must, "as it must be");
        }
        self.wrong += 1;
        print(what, must, &format!("<-- WRONG: {is}"));
    }
}

fn print(what: &str, must: &str, is: &str) {
    println!("{what:<50} {must:<46} {is}");
}
