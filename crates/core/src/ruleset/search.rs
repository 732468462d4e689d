//! Takes a small grid; gives the fewest rules for it, found from the first rule on, or none where it would take too long. Never looks at
//! a rule that a larger one replaces.
//!
//! The first rule decides on all that it matches: so of that, all is wanted or nothing is, as far as it matters. Then its cells are gone,
//! and with what is left it goes on. Of such rules only the largest need be tried. Rules of one action in a row can stand in any order,
//! and a rule that could stand in an earlier row of its action stands there: so it goes row by row, rejects first, and tries no list
//! twice that is another one in another order.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::bits::Bits;
use super::cover::List;
use super::grid::{Grid, Shape};
use crate::inventory::RuleAction;

/// The most cells, as words of a set.
const WORDS: usize = 4;
/// The most shapes that are told apart.
const MOST_SHAPES: usize = 4096;
/// So many shapes are looked at, until the search gives up.
const MOST_TESTS: usize = 1_500_000;

type Cells = [u64; WORDS];

/// What a rule would match.
#[derive(Clone, Copy)]
struct Choice {
    shape: Shape,
    cells: Cells,
    cost: usize,
}

struct Search {
    choices: Vec<Choice>,
    /// Cells in a row, along one dimension.
    lines: Vec<Vec<(usize, u64)>>,
    tests: usize,
}

/// What is left to be decided when a row begins.
#[derive(Clone, Copy)]
struct Left {
    wanted: Cells,
    rest: Cells,
}

/// A list of rules with fewer than so many; none if none was found.
pub(super) fn fewer(grid: &Grid, than: usize) -> Option<List> {
    let mut search = Search::of(grid)?;
    let wanted = cells(grid.wanted.words())?;
    let left = Left { wanted, rest: cells(grid.rest().words())? };
    let least = search.least(&left);
    for most in least..than {
        let mut list = Vec::new();
        if search.row(RuleAction::Reject, &left, [None; 2], most, &mut list) {
            return Some(list);
        }
    }
    None
}

fn cells(words: &[u64]) -> Option<Cells> {
    let mut cells = Cells::default();
    for (at, word) in words.iter().enumerate() {
        *cells.get_mut(at)? = *word;
    }
    Some(cells)
}

fn common(one: &Cells, other: &Cells) -> bool {
    one.iter().zip(other).any(|(one, other)| one & other != 0)
}

fn both(one: &Cells, other: &Cells) -> Cells {
    let mut both = *one;
    both.iter_mut().zip(other).for_each(|(one, other)| *one &= other);
    both
}

fn without(one: &Cells, other: &Cells) -> Cells {
    let mut left = *one;
    left.iter_mut().zip(other).for_each(|(one, other)| *one &= !other);
    left
}

fn count(cells: &Cells) -> u32 {
    cells.iter().map(|word| word.count_ones()).sum()
}

const NONE: Cells = [0; WORDS];

impl Search {
    fn of(grid: &Grid) -> Option<Self> {
        if grid.cells > WORDS * 64 {
            return None;
        }
        let shapes = shapes(grid)?;
        let choice = |shape| {
            let mut cells = Bits::none(WORDS * 64);
            grid.each_run(&shape, |run| cells.set(run, true));
            Some(Choice { shape, cells: self::cells(cells.words())?, cost: grid.cost(&shape) })
        };
        let mut choices = shapes.into_iter().map(choice).collect::<Option<Vec<_>>>()?;
        // The largest first; of those that match the same cells, the cheapest.
        choices.sort_by_key(|it| (Reverse(count(&it.cells)), it.cells, it.cost, it.shape));
        choices.dedup_by_key(|it| it.cells);
        Some(Self { choices, lines: lines(grid), tests: 0 })
    }

    /// So many rules are needed at least: along a line of cells a rule is a range, and each accepted range takes one.
    fn least(&mut self, left: &Left) -> usize {
        let has = |cells: &Cells, (word, bit): (usize, u64)| cells.get(word).is_some_and(|word| word & bit != 0);
        let mut least = usize::from(left.wanted != NONE);
        for line in &self.lines {
            self.tests += 1;
            let (mut ranges, mut within) = (0, false);
            for cell in line {
                if has(&left.wanted, *cell) {
                    ranges += usize::from(!within);
                    within = true;
                } else if has(&left.rest, *cell) {
                    within = false;
                }
            }
            least = least.max(ranges);
        }
        least
    }

    /// Whether at most so many rules do that begin with a row of this action; those are behind the list then. `before` is what was left
    /// when the last row began, and when the one before that did.
    fn row(
        &mut self,
        action: RuleAction,
        left: &Left,
        before: [Option<Left>; 2],
        most: usize,
        list: &mut List,
    ) -> bool {
        if self.least(left) > most || self.tests > MOST_TESTS {
            return false;
        }
        let largest = self.largest(action, left, before[1].as_ref());
        match action {
            RuleAction::Accept => {
                if self.all(&largest, &left.wanted, most, list) {
                    return true;
                }
                most > 2 && self.some(action, &largest, left, left, before[0], most - 2, list)
            }
            RuleAction::Reject => {
                // None at all, but only in the first row: else two rows of accepts would be one.
                let none = before[0].is_none() && self.row(RuleAction::Accept, left, [Some(*left), None], most, list);
                none || (most > 1 && self.some(action, &largest, left, left, before[0], most - 1, list))
            }
        }
    }

    /// The shapes that a rule can have here, without those of which a larger one has all that matters.
    fn largest(&mut self, action: RuleAction, left: &Left, earlier: Option<&Left>) -> Vec<Choice> {
        let ours = |left: &Left| if action == RuleAction::Accept { left.wanted } else { left.rest };
        let theirs = |left: &Left| if action == RuleAction::Accept { left.rest } else { left.wanted };
        let (mine, other) = (ours(left), theirs(left));
        let earlier = earlier.map(theirs);
        let mut largest: Vec<Choice> = Vec::new();
        self.tests += self.choices.len();
        for choice in &self.choices {
            if common(&choice.cells, &other) || earlier.is_some_and(|earlier| !common(&choice.cells, &earlier)) {
                continue;
            }
            let cells = both(&choice.cells, &mine);
            let is_within = |it: &Choice| it.cost <= choice.cost && without(&cells, &it.cells) == NONE;
            if cells != NONE && !largest.iter().any(is_within) {
                largest.retain(|it| it.cost < choice.cost || without(&it.cells, &cells) != NONE);
                largest.push(Choice { cells, ..*choice });
            }
        }
        largest
    }

    /// Whether at most so many of these have all of that.
    fn all(&mut self, choices: &[Choice], wanted: &Cells, most: usize, list: &mut List) -> bool {
        if *wanted == NONE {
            return true;
        }
        self.tests += choices.len();
        if self.tests > MOST_TESTS || most == 0 {
            return false;
        }
        let Some(cell) = rarest(choices, wanted) else { return false };
        for choice in choices.iter().filter(|choice| common(&choice.cells, &cell) && choice.cost <= most) {
            list.push((RuleAction::Accept, choice.shape));
            if self.all(choices, &without(wanted, &choice.cells), most - choice.cost, list) {
                return true;
            }
            list.pop();
        }
        false
    }

    /// Whether it is done with some of these, at most so many, and what comes in the rows behind.
    #[allow(clippy::too_many_arguments, reason = "what the rows before, this one and the next one know")]
    fn some(
        &mut self,
        action: RuleAction,
        choices: &[Choice],
        start: &Left,
        left: &Left,
        before: Option<Left>,
        most: usize,
        list: &mut List,
    ) -> bool {
        for (at, choice) in choices.iter().enumerate() {
            let mine = if action == RuleAction::Accept { &left.wanted } else { &left.rest };
            if choice.cost > most || !common(&choice.cells, mine) || self.tests > MOST_TESTS {
                continue;
            }
            let left = Left { wanted: without(&left.wanted, &choice.cells), rest: without(&left.rest, &choice.cells) };
            list.push((action, choice.shape));
            let (next, behind) = match action {
                RuleAction::Accept => (RuleAction::Reject, 2),
                RuleAction::Reject => (RuleAction::Accept, 1),
            };
            let rest = choices.get(at + 1..).unwrap_or_default();
            let most = most - choice.cost;
            if self.row(next, &left, [Some(*start), before], most + behind, list)
                || self.some(action, rest, start, &left, before, most, list)
            {
                return true;
            }
            list.pop();
        }
        false
    }
}

/// The wanted cell that the fewest have: one of those has to be taken. None if nobody has it.
fn rarest(choices: &[Choice], wanted: &Cells) -> Option<Cells> {
    let mut rarest: Option<(usize, Cells)> = None;
    for (at, word) in wanted.iter().enumerate() {
        let mut bits = *word;
        while bits != 0 {
            let mut cell = NONE;
            *cell.get_mut(at)? = bits & bits.wrapping_neg();
            bits &= bits - 1;
            let count = choices.iter().filter(|choice| common(&choice.cells, &cell)).count();
            if rarest.is_none_or(|(least, _)| count < least) {
                rarest = Some((count, cell));
            }
        }
    }
    rarest.filter(|(count, _)| *count > 0).map(|(_, cell)| cell)
}

/// All shapes on a grid; none if they are too many.
fn shapes(grid: &Grid) -> Option<Vec<Shape>> {
    let ranges = |ports: usize| {
        (0..ports).flat_map(|first| (first..ports).map(move |last| (first, last))).collect::<Vec<(usize, usize)>>()
    };
    let nodes = |grid: &Grid| {
        let owns = 0..grid.owns.nodes.len();
        let peers = 0..grid.peers.nodes.len();
        peers.flat_map(|peer| owns.clone().map(move |own| (peer, own))).collect::<Vec<_>>()
    };
    let nodes = nodes(grid);
    let all = |(peer, own): &(usize, usize)| Shape { peer: *peer, own: *own, ..grid.whole() };
    let mut shapes: Vec<Shape> = nodes.iter().map(all).collect();
    for (at, class) in grid.classes.iter().enumerate() {
        let (peer_ports, own_ports) = (ranges(class.peer_ports.len()), ranges(class.own_ports.len()));
        if shapes.len() + nodes.len() * peer_ports.len() * own_ports.len() > MOST_SHAPES {
            return None;
        }
        for (peer, own) in &nodes {
            for peer_ports in &peer_ports {
                let shape = |own_ports: &(usize, usize)| Shape {
                    class: Some(at),
                    peer: *peer,
                    own: *own,
                    peer_ports: *peer_ports,
                    own_ports: *own_ports,
                };
                shapes.extend(own_ports.iter().map(shape));
            }
        }
    }
    Some(shapes)
}

/// The lines of cells along each dimension but protocols: a rule's cells on such a line follow each other.
fn lines(grid: &Grid) -> Vec<Vec<(usize, u64)>> {
    let cells = (0..grid.cells).filter_map(|cell| Some((grid.cell(cell)?, cell)));
    let mut lines: BTreeMap<(usize, Shape), Vec<(usize, u64)>> = BTreeMap::new();
    for (shape, cell) in cells {
        let whole = [
            Shape { peer: 0, ..shape },
            Shape { own: 0, ..shape },
            Shape { peer_ports: (0, 0), ..shape },
            Shape { own_ports: (0, 0), ..shape },
        ];
        for line in whole.into_iter().enumerate() {
            lines.entry(line).or_default().push((cell / 64, 1 << (cell % 64)));
        }
    }
    lines.into_values().filter(|line| line.len() > 2).collect()
}
