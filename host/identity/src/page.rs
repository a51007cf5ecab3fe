//! Long lists, page by page: the next page begins after the last item's key, so that rows added meanwhile shift nothing.

/// Which part of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// [`Page::next`] of the page before; none for the first.
    pub after: Option<String>,
    /// At most so many items, held to 1–200; 0 means 50.
    pub limit: u32,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<String>,
}

impl PageRequest {
    /// The first `limit` items.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    pub(crate) const fn size(&self) -> u32 {
        match self.limit {
            0 => 50,
            1..=200 => self.limit,
            _ => 200,
        }
    }

    /// How many rows to read: one more than a page, to know whether there is a next one.
    #[must_use]
    pub const fn reading(&self) -> u32 {
        self.size() + 1
    }

    /// Cuts what was read down to a page; `key` gives an item's key.
    #[must_use]
    pub fn cut<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let size = usize::try_from(self.size()).unwrap_or(usize::MAX);
        let more = items.len() > size;
        items.truncate(size);
        let next = if more { items.last().map(key) } else { None };
        Page { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_names_no_next_one() {
        let request = PageRequest::first(2);
        assert_eq!(
            request.cut(vec![1, 2, 3], ToString::to_string),
            Page { items: vec![1, 2], next: Some("2".to_owned()) }
        );
        assert_eq!(request.cut(vec![1, 2], ToString::to_string), Page { items: vec![1, 2], next: None });
    }
}
