//! Following the markers of a paged answer to its end, and no further: half a list is not an answer.

use std::collections::BTreeSet;

use crate::model::failure::{Failure, FailureKind};

/// Pages that are read of one answer before it is called a runaway: at 100 items a page, twice the number of
/// instances that any region allows.
const PAGE_LIMIT: usize = 100;

/// Where a paged read is.
#[derive(Debug)]
pub(super) struct Pages {
    operation: &'static str,
    marker: Option<String>,
    seen: BTreeSet<String>,
}

impl Pages {
    /// Before the first page.
    pub(super) fn of(operation: &'static str) -> Self {
        Self { operation, marker: None, seen: BTreeSet::new() }
    }

    /// What to ask the next page with; `None` for the first.
    pub(super) fn marker(&self) -> Option<String> {
        self.marker.clone()
    }

    /// Takes the marker that came with a page. False when it was the last.
    ///
    /// # Errors
    /// A marker that came before, or too many pages: the list is not complete and never will be.
    pub(super) fn follow(&mut self, marker: Option<&str>) -> Result<bool, Failure> {
        let Some(marker) = marker.filter(|marker| !marker.is_empty()) else { return Ok(false) };
        if self.seen.len() >= PAGE_LIMIT || !self.seen.insert(marker.to_owned()) {
            return Err(Failure {
                kind: FailureKind::Service,
                operation: self.operation.to_owned(),
                sentence: format!(
                    "{}: AWS's list does not end (page {}): it is incomplete and not used; trying again",
                    self.operation,
                    self.seen.len() + 1
                ),
                request_id: None,
            });
        }
        self.marker = Some(marker.to_owned());
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_turns_in_a_circle_is_no_list() {
        let mut pages = Pages::of("DescribeEvents");
        assert_eq!(pages.follow(Some("a")), Ok(true));
        assert_eq!(pages.follow(Some("b")), Ok(true));
        assert!(pages.follow(Some("a")).unwrap_err().sentence.contains("does not end"));
        assert_eq!(Pages::of("DescribeEvents").follow(None), Ok(false));
    }

    #[test]
    fn a_list_without_an_end_is_given_up() {
        let mut pages = Pages::of("DescribeEvents");
        let ends = (0..200).find_map(|page| pages.follow(Some(&format!("m{page}"))).err());
        assert!(ends.is_some());
    }
}
