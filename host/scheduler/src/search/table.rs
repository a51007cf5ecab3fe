//! Lists of different lengths, one after the other in one allocation.

/// For each of some things, a list.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    ends: Vec<usize>,
    items: Vec<T>,
}

impl<T> Table<T> {
    /// A table of what the lists hold.
    pub(crate) fn from_lists<L: IntoIterator<Item = T>>(lists: impl IntoIterator<Item = L>) -> Self {
        let (mut ends, mut items) = (Vec::new(), Vec::new());
        for list in lists {
            items.extend(list);
            ends.push(items.len());
        }
        Self { ends, items }
    }

    /// A table of lists that hold so many items in all.
    pub(crate) fn of_so_many<L: IntoIterator<Item = T>>(count: usize, lists: impl ExactSizeIterator<Item = L>) -> Self {
        let (mut ends, mut items) = (Vec::with_capacity(lists.len()), Vec::with_capacity(count));
        for list in lists {
            items.extend(list);
            ends.push(items.len());
        }
        Self { ends, items }
    }

    /// The list of a thing.
    pub(crate) fn of(&self, thing: usize) -> &[T] {
        let begin = if thing == 0 { 0 } else { self.ends[thing - 1] };
        &self.items[begin..self.ends[thing]]
    }

    /// Whether all lists are empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl<T: Copy + Default> Table<T> {
    /// A table of `entries`, each with the thing it is listed for; in the order given.
    pub(crate) fn from_entries(things: usize, entries: impl Iterator<Item = (usize, T)> + Clone) -> Self {
        let mut ends = vec![0usize; things];
        entries.clone().for_each(|(thing, _)| ends[thing] += 1);
        let mut total = 0;
        for end in &mut ends {
            total += *end;
            *end = total - *end;
        }
        let mut items = vec![T::default(); total];
        entries.for_each(|(thing, item)| {
            items[ends[thing]] = item;
            ends[thing] += 1;
        });
        Self { ends, items }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_listed_in_their_order() {
        let table = Table::from_entries(4, [(2, 'a'), (0, 'b'), (2, 'c')].into_iter());
        assert_eq!(
            (0..4).map(|thing| table.of(thing).to_vec()).collect::<Vec<_>>(),
            [vec!['b'], vec![], vec!['a', 'c'], vec![]]
        );
    }
}
