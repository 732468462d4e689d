//! Takes runs of cells, by number; gives sets of them. Never knows what a cell is.

/// How many cells are in a word.
const WORD: usize = 64;

/// A set of cells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// None of so many.
    pub(super) fn none(cells: usize) -> Self {
        Self { words: vec![0; cells.div_ceil(WORD)] }
    }

    /// The words that a run is in, each with the part of it that the run takes.
    fn parts(first: usize, count: usize) -> impl Iterator<Item = (usize, u64)> {
        let end = first + count;
        (first / WORD..end.div_ceil(WORD)).map(move |word| {
            let from = first.saturating_sub(word * WORD);
            let to = (end - word * WORD).min(WORD);
            (word, (u64::MAX << from) & (u64::MAX >> (WORD - to)))
        })
    }

    /// Puts the cells of a run in, or takes them out.
    pub(super) fn set(&mut self, (first, count): (usize, usize), there: bool) {
        for (word, mask) in Self::parts(first, count) {
            if let Some(word) = self.words.get_mut(word) {
                *word = if there { *word | mask } else { *word & !mask };
            }
        }
    }

    /// Whether any of a run is there.
    pub(super) fn has_any(&self, (first, count): (usize, usize)) -> bool {
        Self::parts(first, count).any(|(word, mask)| self.words.get(word).is_some_and(|word| word & mask != 0))
    }

    /// How many of a run are there.
    pub(super) fn count(&self, (first, count): (usize, usize)) -> usize {
        let ones = |(word, mask): (usize, u64)| self.words.get(word).map_or(0, |word| (word & mask).count_ones());
        Self::parts(first, count).map(|part| usize::try_from(ones(part)).unwrap_or(WORD)).sum()
    }

    /// The first cell that is there.
    pub(super) fn first(&self) -> Option<usize> {
        let (at, word) = self.words.iter().enumerate().find(|(_, word)| **word != 0)?;
        Some(at * WORD + usize::try_from(word.trailing_zeros()).ok()?)
    }

    /// Takes out what the other has.
    pub(super) fn remove(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// Leaves what the other has.
    pub(super) fn keep(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    /// Its words, in order.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }
}
