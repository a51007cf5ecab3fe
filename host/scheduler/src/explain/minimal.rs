//! The smallest part of a cause that is still a cause.

/// So many are looked at two by two.
const PAIRED: usize = 16;

/// A part of `all`, which is a cause, of which nothing can be left out: one alone where one suffices, then two, and else whatever
/// is left when those that are not needed are taken out, the first ones first. Anything when `go_on` says no.
pub(super) fn minimal<T: Copy>(
    all: Vec<T>,
    go_on: &dyn Fn() -> bool,
    mut is_cause: impl FnMut(&[T]) -> bool,
) -> Vec<T> {
    if let Some(alone) = all.iter().take_while(|_| go_on()).find(|one| is_cause(&[**one])) {
        return vec![*alone];
    }
    if all.len() <= PAIRED {
        for (at, one) in all.iter().enumerate() {
            let mut others = all.iter().skip(at + 1).take_while(|_| go_on());
            if let Some(other) = others.find(|other| is_cause(&[*one, **other])) {
                return vec![*one, *other];
            }
        }
    }
    without_needless(all, go_on, is_cause)
}

/// What is left of a cause when those that are not needed are taken out, the first ones first; not all of them when `go_on` says no.
pub(super) fn without_needless<T: Copy>(
    mut all: Vec<T>,
    go_on: &dyn Fn() -> bool,
    mut is_cause: impl FnMut(&[T]) -> bool,
) -> Vec<T> {
    let mut at = 0;
    while at < all.len() && go_on() {
        let out = all.remove(at);
        if !is_cause(&all) {
            all.insert(at, out);
            at += 1;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::minimal;

    #[test]
    fn nothing_is_tried_out_any_more_when_the_time_is_up() {
        let all: Vec<_> = (0..super::PAIRED as u32).collect();
        for time in 0..200_u32 {
            let left = Cell::new(time);
            let go_on = || left.replace(left.get().saturating_sub(1)) > 0;
            let (mut tried, is_all) = (0, |some: &[u32]| some.len() == all.len());
            minimal(all.clone(), &go_on, |some| {
                tried += 1;
                is_all(some)
            });
            assert!(tried <= time, "{tried} after {time}");
        }
    }
}
